/** Checks of an optimizer of objectives as the step of an inner problem: its hyperparameters are theta. */
import { type Tensor, type Tree, random, tree } from "../array/index.ts";
import { bptt, pes } from "../estimators/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type FieldCheck, require } from "./check.ts";
import {
  type CheckedObjectiveOptimizer,
  type FloatType,
  type SmallNetwork,
  objectiveOf,
  shiftedBatch,
  smallNetwork,
} from "./objectiveSubject.ts";

/** The hyperparameters, and how far the targets are from the outputs at the start. */
interface Theta {
  hyperparameters: Readonly<Record<string, Tensor>>;
  miss: Tensor;
}

interface Estimated {
  loss: number;
  gradient: Theta["hyperparameters"];
}

const horizon = 3;

export function objectiveUnrolledChecks(subject: CheckedObjectiveOptimizer): FieldCheck[] {
  const fields = ["hyperparameters"];
  const problem = training(subject);
  const estimator = bptt(problem, { objective: "sum" });
  // One key: optimizers that draw take the same draws at every theta.
  const estimateAt = (theta: Theta): Estimated => {
    const { loss, gradient } = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(0));
    return { loss, gradient: gradient.hyperparameters };
  };
  const reverse: FieldCheck[] = [
    {
      name: "gradients of its hyperparameters through an unroll are those of finite differences",
      fields: [...fields, "isDifferentiable"],
      run: () => requireDerivative(subject, estimateAt),
    },
    {
      name: "gradients of its hyperparameters are finite where the inner gradient is zero",
      fields: [...fields, "isDifferentiable"],
      run: () => requireFinite(subject, estimateAt(thetaOf(subject, 0, "float64")).gradient),
    },
  ];
  return [
    ...(subject.isDifferentiable ? reverse : []),
    {
      name: "PES estimates gradients of its hyperparameters",
      fields,
      run: () => requirePes(subject, problem),
    },
  ];
}

/** Trains the small network on regression targets; the loss is that after the step. */
function training(subject: CheckedObjectiveOptimizer): Problem<Theta, object, undefined> {
  interface State {
    network: SmallNetwork;
    optimizer: Tree;
  }
  const setting = ({ miss }: Theta) => {
    const dtype = miss.dtype as FloatType;
    const start = smallNetwork(dtype);
    return { start, objective: objectiveOf(shiftedBatch(start, miss, dtype)) };
  };
  // The state of an optimizer is any tree: its type would send the compiler in circles.
  return defineProblem<Theta, object, undefined>({
    name: `${subject.name} on a network`,
    horizon,
    init(theta, key) {
      const { start, objective } = setting(theta);
      const optimizer = subject.create(theta.hyperparameters).init(start, objective, key);
      return { network: start, optimizer };
    },
    step(theta, state, { key }) {
      const { network, optimizer } = state as State;
      const { objective } = setting(theta);
      const next = subject.create(theta.hyperparameters).step(network, optimizer, objective, { key });
      return { state: { network: next.theta, optimizer: next.state }, loss: objective.loss(next.theta) };
    },
  });
}

function thetaOf({ hyperparameters }: CheckedObjectiveOptimizer, miss: number, dtype: FloatType): Theta {
  return tree.tensors({ hyperparameters, miss }, dtype);
}

/** Central differences in float64: their error is about 1e-9 for a step of 1e-5. */
function requireDerivative(
  subject: CheckedObjectiveOptimizer,
  estimateAt: (theta: Theta) => Estimated,
): void {
  const theta = thetaOf(subject, 1, "float64");
  const { gradient } = estimateAt(theta);
  const lossAt = (name: string, change: number): number => {
    const moved = { ...theta.hyperparameters, [name]: theta.hyperparameters[name]!.add(change) };
    return estimateAt({ ...theta, hyperparameters: moved }).loss;
  };
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

function requireFinite(subject: CheckedObjectiveOptimizer, gradient: Theta["hyperparameters"]): void {
  require(tree.isFinite(gradient), subject.name, () => `the gradient of the hyperparameters, by backpropagation from where the inner gradient is zero, is {${Object.entries(gradient).map(([name, x]) => `${name}: ${x.item()}`).join(", ")}}.`); // prettier-ignore
}

function requirePes(subject: CheckedObjectiveOptimizer, problem: Problem<Theta, object, undefined>): void {
  const theta = thetaOf(subject, 1, "float32");
  const estimator = pes(problem, { sigma: 1e-3, pairs: 4, truncation: 1 });
  let state = estimator.init(theta, random.key(0));
  for (let i = 0; i < horizon + 1; i++) {
    const { gradient, loss, state: next } = estimator.estimate(theta, state, random.key(i));
    tree.requireSame(subject.name, "the gradient of PES", theta, gradient);
    require(tree.isFinite(gradient) && Number.isFinite(loss), subject.name, () => `PES estimate ${i} of the hyperparameters' gradient is not finite: loss ${loss}.`); // prettier-ignore
    state = next;
  }
}
