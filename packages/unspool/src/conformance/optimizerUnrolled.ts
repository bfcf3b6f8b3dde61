/** Checks of an optimizer as the step of an inner problem: its hyperparameters are theta. */
import { type Tensor, type Tree, np, random, tree } from "../array/index.ts";
import { bptt, pes } from "../estimators/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type FieldCheck, require } from "./check.ts";
import type { CheckedOptimizer } from "./optimizerSubject.ts";

type Hyperparameters = Readonly<Record<string, Tensor>>;

/** The hyperparameters, and where training starts: one program serves all starts. */
interface Theta {
  hyperparameters: Hyperparameters;
  start: Tensor;
}

interface Estimated {
  loss: number;
  gradient: Hyperparameters;
}

const horizon = 5;

export function unrolledChecks(subject: CheckedOptimizer): FieldCheck[] {
  const fields = ["hyperparameters"];
  const problem = training(subject);
  const estimator = bptt(problem, { objective: "sum" });
  const estimateAt = (theta: Theta): Estimated => {
    const { loss, gradient } = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(0));
    return { loss, gradient: gradient.hyperparameters };
  };
  return [
    {
      name: "gradients of its hyperparameters through an unroll are those of finite differences",
      fields,
      run: () => requireDerivative(subject, estimateAt),
    },
    {
      name: "gradients of its hyperparameters are finite where the inner gradient is zero",
      fields,
      run: () => requireFiniteAtZero(subject, estimateAt),
    },
    {
      name: "PES estimates gradients of its hyperparameters",
      fields,
      run: () => requirePes(subject, problem),
    },
  ];
}

/** Minimises Σ c_i x_i² / 2 from `start`; the loss is that after the step. */
function training(subject: CheckedOptimizer): Problem<Theta, object, undefined> {
  interface State {
    x: Tensor;
    optimizer: Tree;
  }
  // The state of an optimizer is any tree: its type would send the compiler in circles.
  return defineProblem<Theta, object, undefined>({
    name: `${subject.name} on a quadratic`,
    horizon,
    init: ({ hyperparameters, start }) => ({
      x: start,
      optimizer: subject.create(hyperparameters).init(start),
    }),
    step({ hyperparameters }, state) {
      const { x, optimizer } = state as State;
      const c = np.array(
        Array.from({ length: x.size }, (_, i) => 1 + i),
        { dtype: x.dtype },
      );
      const next = subject.create(hyperparameters).update(x.mul(c), optimizer, x);
      const loss = next.theta.mul(next.theta).mul(c).sum().mul(0.5);
      return { state: { x: next.theta, optimizer: next.state }, loss };
    },
  });
}

function thetaOf(subject: CheckedOptimizer, start: number[], dtype: "float32" | "float64"): Theta {
  const hyperparameters = tree.tensors(subject.hyperparameters, dtype) as Hyperparameters;
  return { hyperparameters, start: np.array(start, { dtype }) };
}

/** Central differences in float64: their error is about 1e-9 for a step of 1e-5. */
function requireDerivative(subject: CheckedOptimizer, estimateAt: (theta: Theta) => Estimated): void {
  const theta = thetaOf(subject, [1, -2, 0.5], "float64");
  const lossAt = (name: string, change: number): number => {
    const moved = { ...theta.hyperparameters, [name]: theta.hyperparameters[name]!.add(change) };
    return estimateAt({ ...theta, hyperparameters: moved }).loss;
  };
  const { gradient } = estimateAt(theta);
  for (const [name, value] of Object.entries(subject.hyperparameters)) {
    const width = 1e-5 * Math.max(1e-2, Math.abs(value));
    const difference = (lossAt(name, width) - lossAt(name, -width)) / (2 * width);
    const got = gradient[name]!.item();
    require(Math.abs(got - difference) <= 1e-5 * Math.max(1, Math.abs(difference)), subject.name, () =>
      `the derivative of the loss with respect to ${name} is ${got} by backpropagation, ${difference} by differences.`, {
      hyperparameter: name,
      got,
      difference,
    });
  }
}

function requireFiniteAtZero(subject: CheckedOptimizer, estimateAt: (theta: Theta) => Estimated): void {
  for (const start of [
    [0, 0, 0],
    [0, 1, 0],
  ]) {
    const { gradient } = estimateAt(thetaOf(subject, start, "float64"));
    require(tree.isFinite(gradient), subject.name, () => `the gradient of the hyperparameters, by backpropagation from x = [${String(start)}], is {${Object.entries(gradient).map(([name, x]) => `${name}: ${x.item()}`).join(", ")}}.`); // prettier-ignore
  }
}

function requirePes(subject: CheckedOptimizer, problem: Problem<Theta, object, undefined>): void {
  const theta = thetaOf(subject, [1, -2, 0.5], "float32");
  const estimator = pes(problem, { sigma: 1e-3, pairs: 4, truncation: 1 });
  let state = estimator.init(theta, random.key(0));
  for (let i = 0; i < horizon + 1; i++) {
    const { gradient, loss, state: next } = estimator.estimate(theta, state, random.key(i));
    tree.requireSame(subject.name, "the gradient of PES", theta, gradient);
    require(tree.isFinite(gradient) && Number.isFinite(loss), subject.name, () => `PES estimate ${i} of the hyperparameters' gradient is not finite: loss ${loss}.`); // prettier-ignore
    state = next;
  }
}
