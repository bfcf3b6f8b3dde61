/**
 * Averaging of iterates (Polyak & Juditsky 1992): the mean of the parameters after `start`, taken every `every`
 * updates.
 *
 *     n ← n + 1;   average ← average + (theta - average) / n
 */
import type { Tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type IterateMeanState, iterateMean } from "./iterateMean.ts";
import type { Optimizer } from "../optimizer.ts";
import { requireOptimizer } from "./wrapping.ts";

export interface PolyakAverageOptions {
  /** Updates before the first that counts. Default 0. */
  start?: number;
  /** Take the parameters of every such update after `start`. Default 1. */
  every?: number;
}

export type PolyakAverageState<Inner extends Tree = Tree> = IterateMeanState<Inner>;

export const polyakAverageDefaults: Required<PolyakAverageOptions> = { start: 0, every: 1 };

/**
 * Evaluates the mean of the parameters that the inner optimizer would have evaluated; training is left alone.
 * Cost: one pass, one copy of theta.
 */
export function polyakAverage<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: PolyakAverageOptions = {},
): Optimizer<PolyakAverageState<Inner>> {
  requireOptimizer("polyakAverage", inner);
  const { start, every } = withDefaults("polyakAverage", options, polyakAverageDefaults);
  requireInteger("polyakAverage", "start", start, 0);
  requireInteger("polyakAverage", "every", every, 1);
  return iterateMean("polyakAverage", inner, { first: start + every, every });
}
