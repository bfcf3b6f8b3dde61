/**
 * Several steps of descent as one program, where estimator and executor allow it: estimates and updates of the optimizer
 * need no JavaScript in between. What is done and recorded is the same for any grouping of steps into calls.
 */
import { type Key, type Tensor, type Tree, np, tree } from "../array/index.ts";
import {
  type EstimatesProgram,
  type Recurrence,
  estimatesProgram,
  takeEstimates,
} from "../estimators/index.ts";
import { type Optimizer, allFinite } from "../optimizers/index.ts";
import type { DescentState } from "./descent.ts";
import { type MethodSteps, loggedThetaSize } from "./method.ts";

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

/** Takes up to `count` steps in one call. */
export function takeDescents<Theta>(
  recurrence: Recurrence,
  program: DescentProgram,
  { theta, state, key, from }: { theta: Theta; state: DescentState; key: Key; from: number },
  count: number,
): MethodSteps<Theta, DescentState> {
  const start = { theta, own: state.optimizer, key, step: from, estimatorState: state.estimator };
  const done = takeEstimates(recurrence, program, start, count);
  const { loss, gradientNorm, isFinite, skipped, metrics, theta: thetas } = done.record;
  return {
    theta: done.theta as Theta,
    state: { estimator: done.estimatorState, optimizer: done.own },
    steps: done.count,
    loss,
    isFinite,
    innerSteps: recurrence.innerSteps,
    metrics: { gradientNorm, ...metrics, skippedUpdates: skipped },
    thetas,
  };
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
