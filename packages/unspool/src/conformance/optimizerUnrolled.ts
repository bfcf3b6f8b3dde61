/** Checks of an optimizer as the step of an inner problem: its hyperparameters are theta. */
import { type Tensor, type Tree, np, random, tree } from "../array/index.ts";
import { bptt, pes } from "../estimators/index.ts";
import { type Problem, defineProblem, unroll } from "../unroll/index.ts";
import { type FieldCheck, require } from "./check.ts";
import type { CheckedOptimizer } from "./optimizerSubject.ts";

type Hyperparameters = Readonly<Record<string, Tensor>>;

const horizon = 5;

export function unrolledChecks(subject: CheckedOptimizer): FieldCheck[] {
  const fields = ["hyperparameters"];
  return [
    {
      name: "gradients of its hyperparameters through an unroll are those of finite differences",
      fields,
      run: () => requireDerivative(subject),
    },
    {
      name: "gradients of its hyperparameters are finite where the inner gradient is zero",
      fields,
      run: () => requireFiniteAtZero(subject),
    },
    { name: "PES estimates gradients of its hyperparameters", fields, run: () => requirePes(subject) },
  ];
}

/** Minimises Σ c_i x_i² / 2 from `start`; the loss is that after the step. */
function training(subject: CheckedOptimizer, start: number[]): Problem<Hyperparameters, object, undefined> {
  const curvature = start.map((_, i) => 1 + i);
  interface State {
    x: Tensor;
    optimizer: Tree;
  }
  // The state of an optimizer is any tree: its type would send the compiler in circles.
  return defineProblem<Hyperparameters, object, undefined>({
    name: `${subject.name} on a quadratic`,
    horizon,
    init(theta) {
      const x = np.array(start, { dtype: tree.floatType(theta) });
      return { x, optimizer: subject.create(theta).init(x) };
    },
    step(theta, state) {
      const { x, optimizer } = state as State;
      const c = np.array(curvature, { dtype: x.dtype });
      const next = subject.create(theta).update(x.mul(c), optimizer, x);
      const loss = next.theta.mul(next.theta).mul(c).sum().mul(0.5);
      return { state: { x: next.theta, optimizer: next.state }, loss };
    },
  });
}

function hyperparameters(subject: CheckedOptimizer, dtype: "float32" | "float64"): Hyperparameters {
  return tree.tensors(subject.hyperparameters, dtype) as Hyperparameters;
}

function gradientOf(subject: CheckedOptimizer, start: number[]): Hyperparameters {
  const theta = hyperparameters(subject, "float64");
  const estimator = bptt(training(subject, start), { objective: "sum" });
  return estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(0)).gradient;
}

/** Central differences in float64: their error is about 1e-9 for a step of 1e-5. */
function requireDerivative(subject: CheckedOptimizer): void {
  const start = [1, -2, 0.5];
  const theta = hyperparameters(subject, "float64");
  const problem = training(subject, start);
  const lossAt = (name: string, change: number): number => {
    const moved = { ...theta, [name]: theta[name]!.add(change) };
    const { losses } = unroll(problem, moved, { key: random.key(0) });
    return tree.flatten(losses).reduce((sum, loss) => sum + loss, 0);
  };
  const gradient = gradientOf(subject, start);
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

function requireFiniteAtZero(subject: CheckedOptimizer): void {
  for (const start of [
    [0, 0, 0],
    [0, 1, 0],
  ]) {
    // prettier-ignore
    const gradient = gradientOf(subject, start);
    require(tree.isFinite(gradient), subject.name, () => `the gradient of the hyperparameters, by backpropagation from x = [${String(start)}], is {${Object.entries(gradient).map(([name, x]) => `${name}: ${x.item()}`).join(", ")}}.`); // prettier-ignore
  }
}

function requirePes(subject: CheckedOptimizer): void {
  const theta = hyperparameters(subject, "float32");
  const estimator = pes(training(subject, [1, -2, 0.5]), { sigma: 1e-3, pairs: 4, truncation: 1 });
  let state = estimator.init(theta, random.key(0));
  for (let i = 0; i < horizon + 1; i++) {
    const { gradient, loss, state: next } = estimator.estimate(theta, state, random.key(i));
    tree.requireSame(subject.name, "the gradient of PES", theta, gradient);
    require(tree.isFinite(gradient) && Number.isFinite(loss), subject.name, () => `PES estimate ${i} of the hyperparameters' gradient is not finite: loss ${loss}.`); // prettier-ignore
    state = next;
  }
}
