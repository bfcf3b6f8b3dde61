/** All that the next outer step needs, and what the loop knows of optimizers. */
import { type Key, type Tensor, tree } from "../array/index.ts";
import type { Setup } from "./experiment.ts";

export { allFinite } from "../optimizers/index.ts";

/** Plain data: it is what a checkpoint holds. */
export interface TrainState {
  /** Outer steps done. */
  readonly step: number;
  /** Key of the run; each outer step derives its own from it. uint32[2] */
  readonly key: Key;
  readonly theta: unknown;
  readonly estimatorState: unknown;
  readonly optimizerState: unknown;
  /** Inner steps spent so far, over all particles. */
  readonly innerSteps: number;
}

/** Thetas of up to this many numbers are logged at every outer step (as `StepRecord` promises). */
export const loggedThetaSize = 32;

/** The loop only passes these from one call to the next; `Optimizer` is generic in theta. */
export interface AnyOptimizer {
  init(theta: unknown): unknown;
  update(gradient: unknown, state: unknown, theta: unknown): { theta: unknown; state: unknown };
  evaluationTheta?(state: unknown, theta: unknown): unknown;
  canSkip?(state: unknown): Tensor;
}

export const optimizerOf = (setup: Setup): AnyOptimizer => setup.optimizer as unknown as AnyOptimizer;

/** Updates that the optimizer has left out so far: the sum of the leaves `skipped` in its state, int32 scalar. */
export function skippedUpdates(optimizerState: unknown): Tensor {
  return tree
    .entries(optimizerState)
    .filter(([path]) => /(^|\.)skipped$/.test(path))
    .reduce((sum, [, leaf]) => sum.add(leaf), tree.scalar(0, "int32"));
}
