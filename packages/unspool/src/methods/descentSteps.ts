/**
 * Several steps of descent as one program, where estimator and executor allow it: estimates and updates of the optimizer
 * need no JavaScript in between. What is done and recorded is the same for any grouping of steps into calls.
 */
import { type Key, type Tensor, type Tree, np, tree } from "../array/index.ts";
import {
  type BetweenEstimates,
  type EstimatesProgram,
  type Recurrence,
  estimatesStart,
  estimatesProgram,
} from "../estimators/index.ts";
import { type Optimizer, allFinite } from "../optimizers/index.ts";
import type { DescentState } from "./descent.ts";
import type { OuterProgram } from "../unroll/index.ts";
import { type MethodSteps, type MethodWindows, loggedThetaSize } from "./method.ts";

/** Measures of one step; after a call tensors [steps, …]. */
interface DescentRecord {
  loss: Tensor;
  /** Euclidean norm, not finite if an element is not, or if it overflows float64. */
  gradientNorm: Tensor;
  isFinite: Tensor;
  /** int32: updates that the optimizer left out. */
  skipped: Tensor;
  metrics: Record<string, Tensor>;
  /** The new theta, where it is small enough to be logged. */
  theta: unknown;
}

export type DescentProgram = EstimatesProgram<Tree, DescentRecord>;

export function descentProgram(recurrence: Recurrence, optimizer: Optimizer): DescentProgram {
  return estimatesProgram<Tree, DescentRecord>(recurrence, ({ loss, gradient, metrics }, now) => {
    const observed = optimizer.usesLoss ? { loss } : {};
    const { theta, state } = optimizer.update(gradient, now.own, now.theta, observed);
    const isSmall = tree.size(theta) <= loggedThetaSize;
    const gradientNorm = norm(gradient);
    const parts = [np.isfinite(loss), np.isfinite(gradientNorm), allFinite(theta), allFinite(state)];
    return {
      theta,
      own: state,
      record: {
        loss,
        gradientNorm,
        isFinite: parts.reduce((all, part) => np.logicalAnd(all, part)),
        skipped: skippedUpdates(state).sub(skippedUpdates(now.own)),
        metrics: { ...metrics, ...optimizer.metrics?.(state) },
        theta: isSmall ? theta : {},
      },
    };
  });
}

/** Steps of descent in the parts that they are made of. */
export function descentWindows<Theta>(
  recurrence: Recurrence,
  program: DescentProgram,
  theta: Theta,
  state: DescentState,
  most: number,
): MethodWindows<Theta, DescentState> {
  const { optimizer: own, estimator } = state;
  return {
    executor: recurrence.executor,
    program: program as OuterProgram,
    most,
    units: recurrence.units(estimator),
    start: (key, from) =>
      estimatesStart(recurrence, { theta, own, key, step: from, estimatorState: estimator }),
    measured: (record, steps) => measuredOf(recurrence, record as DescentRecord, steps),
    after(outer, units, steps) {
      const between = outer as BetweenEstimates<Tree>;
      const next = recurrence.next(estimator, units, steps);
      return { theta: between.theta as Theta, state: { estimator: next, optimizer: between.own } };
    },
  };
}

/** Takes up to `count` steps in one call. */
export function takeDescents<Theta>(
  windows: MethodWindows<Theta, DescentState>,
  key: Key,
  from: number,
  count: number,
): MethodSteps<Theta, DescentState> {
  const { executor, program, units, start, measured, after } = windows;
  const done = executor.outer!(program, start(key, from), units, count);
  const steps = tree.leaves(done.record)[0]!.shape[0]!;
  return { ...after(done.outer, done.units, steps), ...measured(done.record, steps) };
}

function measuredOf(
  { innerSteps }: Recurrence,
  { loss, gradientNorm, isFinite, skipped, metrics, theta: thetas }: DescentRecord,
  steps: number,
): Omit<MethodSteps<never, never>, "theta" | "state"> {
  const told = { gradientNorm, ...metrics, skippedUpdates: skipped };
  return { steps, loss, isFinite, innerSteps, metrics: told, thetas };
}

/** Updates that the optimizer has left out so far: the sum of the leaves `skipped` in its state, int32 scalar. */
export function skippedUpdates(optimizerState: unknown): Tensor {
  return tree
    .entries(optimizerState)
    .filter(([path]) => /(^|\.)skipped$/.test(path))
    .reduce((sum, [, leaf]) => sum.add(leaf), tree.scalar(0, "int32"));
}

/** In float64 from the first square on, as `euclideanNorm` is outside of programs; `tree.norm` is in the gradient's own type. */
function norm(gradient: unknown): Tensor {
  const squares = tree.leaves(gradient).map((leaf) => {
    const wide = leaf.astype("float64");
    return wide.mul(wide).sum();
  });
  return np.sqrt(squares.reduce((sum, square) => sum.add(square), np.zeros([], { dtype: "float64" })));
}
