/** The programs of a bilevel method: one outer step, whole or with inner training to a tolerance, and re-training. */
import { type Key, type Tensor, type Tree, random, tree } from "../array/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import { batchOf } from "./bilevelProblem.ts";
import {
  type HypergradientStep,
  type OuterStepParts,
  hypergradientAt,
  hypergradientStep,
} from "./hypergradientStep.ts";
import type { Training } from "./innerSolver.ts";
import { type RetrainRule, retrained } from "./retrainGap.ts";
import { length } from "./vectors.ts";

/** What a run moves: the outer parameters, and the weights that the last outer step has trained. */
export interface BilevelTheta<Outer, Weights> {
  outer: Outer;
  weights: Weights;
}

/** What a run keeps beside theta. */
export interface BilevelState<Weights = unknown> {
  /** Outer steps done, int32. */
  step: Tensor;
  /** Of the outer optimizer. */
  optimizer: Tree;
  /** Of the inner one: goes on with warm starts. */
  solver: Tree;
  /** Weights that the run began with. */
  start: Weights;
  /** Length of the path of the outer parameters so far, float64. */
  pathLength: Tensor;
}

export interface OuterStep<Outer, Weights> {
  theta: BilevelTheta<Outer, Weights>;
  state: BilevelState<Weights>;
  loss: Tensor;
  metrics: Record<string, Tensor>;
}

export interface OuterSteps<Outer, Weights> {
  /** A step, and how many inner steps it took. */
  take(
    theta: BilevelTheta<Outer, Weights>,
    state: BilevelState<Weights>,
    key: Key,
  ): { made: OuterStep<Outer, Weights>; taken: number };
  /** The outer loss of weights trained anew. */
  retrainedLoss(outer: Outer, start: Weights, key: Key): number;
  /** A step with a fixed number of inner steps, as it is traced. */
  traced(
    theta: BilevelTheta<Outer, Weights>,
    state: BilevelState<Weights>,
    key: Key,
  ): OuterStep<Outer, Weights>;
}

export interface OuterStepsOptions<Outer, Weights, Batch> extends OuterStepParts<Outer, Weights, Batch> {
  optimizer: Optimizer;
  strategy: "warm" | "cold";
  reinit: "same" | "fresh";
  retrain: RetrainRule;
}

/** Programs that compile when they are first called. */
export function outerSteps<Outer, Weights, Batch>(
  options: OuterStepsOptions<Outer, Weights, Batch>,
): OuterSteps<Outer, Weights> {
  type Theta = BilevelTheta<Outer, Weights>;
  type State = BilevelState<Weights>;
  const { problem, solver, retrain } = options;
  const traced = (theta: Theta, state: State, key: Key) =>
    settled(
      options,
      theta,
      state,
      hypergradientStep(options, theta.outer, begun(options, theta, state, key), key),
    );
  const whole = compiled("bilevel.step", traced);
  const first = compiled("bilevel.begin", (theta: Theta, state: State, key: Key) =>
    begun(options, theta, state, key),
  );
  const approach = compiled(
    "bilevel.approach",
    (outer: Outer, at: Training<Weights>, key: Key, from: Tensor) =>
      solver.approach(outer, at, random.foldIn(key, "inner"), from),
  );
  const last = compiled(
    "bilevel.hypergradient",
    (theta: Theta, state: State, end: Training<Weights>, key: Key) =>
      settled(options, theta, state, hypergradientAt(options, theta.outer, end, key)),
  );
  const again = compiled("bilevel.retrain", (outer: Outer, from: Weights, key: Key) => {
    const weights = retrain.from === "same" ? from : problem.start!(random.foldIn(key, "retrain start"));
    const end = retrained(solver, outer, weights, key, retrain.steps);
    return problem.outer(outer, end, batchOf(problem, random.foldIn(key, "outer"), "outer"));
  });
  return {
    traced,
    retrainedLoss: (outer, start, key) => again(outer, start, key).item(),
    take(theta, state, key) {
      if (solver.tolerance === undefined) return { made: whole(theta, state, key), taken: solver.steps };
      // In bunches of `steps`, until the tolerance holds.
      let at = first(theta, state, key);
      let taken = 0;
      while (taken < solver.mostSteps) {
        const bunch = approach(theta.outer, at, key, tree.scalar(taken, "int32"));
        at = bunch.at;
        taken += bunch.taken.item();
        if (bunch.isDone.item() === 1) break;
      }
      return { made: last(theta, state, at, key), taken };
    },
  };
}

/** Where the inner steps of an outer one begin. */
function begun<Outer, Weights, Batch>(
  { problem, solver, strategy, reinit }: OuterStepsOptions<Outer, Weights, Batch>,
  theta: BilevelTheta<Outer, Weights>,
  state: BilevelState<Weights>,
  key: Key,
): Training<Weights> {
  if (strategy === "warm") return { weights: theta.weights, optimizer: state.solver };
  const weights = reinit === "same" ? state.start : problem.start!(random.foldIn(key, "start"));
  return { weights, optimizer: solver.init(weights) };
}

/** The update of the outer parameters, and what is measured. */
function settled<Outer, Weights, Batch>(
  { optimizer, strategy }: OuterStepsOptions<Outer, Weights, Batch>,
  theta: BilevelTheta<Outer, Weights>,
  state: BilevelState<Weights>,
  { loss, gradient, end, innerLoss, innerGradientNorm, info }: HypergradientStep<Outer, Weights>,
): OuterStep<Outer, Weights> {
  const next = optimizer.update<unknown>(gradient, state.optimizer, theta.outer);
  const pathLength = state.pathLength.add(length(tree.subtract(next.theta, theta.outer)));
  return {
    theta: { outer: next.theta as Outer, weights: end.weights },
    state: {
      step: state.step.add(tree.scalar(1, "int32")),
      optimizer: next.state,
      solver: strategy === "warm" ? end.optimizer : state.solver,
      start: state.start,
      pathLength,
    },
    loss,
    metrics: {
      gradientNorm: length(gradient),
      innerLoss,
      innerGradientNorm,
      outerNorm: length(next.theta),
      weightsNorm: length(end.weights),
      outerPathLength: pathLength,
      ...info,
    },
  };
}
