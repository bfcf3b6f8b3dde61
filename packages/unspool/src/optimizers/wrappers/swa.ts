/**
 * Stochastic weight averaging (Izmailov, Podoprikhin, Garipov, Vetrov & Wilson, UAI 2018): the equal mean of the
 * parameters after update `start` and every `every` updates from there on. With `every` = updates per epoch, or per
 * cycle of a learning rate that goes up and down, it is the paper's.
 *
 *     after update t = start, start + every, …:   n ← n + 1;   average ← average + (theta - average) / n
 */
import type { Tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type IterateMeanState, iterateMean } from "./iterateMean.ts";
import type { Optimizer } from "../optimizer.ts";
import { requireOptimizer } from "./wrapping.ts";

export interface SwaOptions {
  /** Update after which the first parameters count; 0 counts the initial ones. Default 0. */
  start?: number;
  /** Updates from one that counts to the next. Default 1. */
  every?: number;
}

export type SwaState<Inner extends Tree = Tree> = IterateMeanState<Inner>;

export const swaDefaults: Required<SwaOptions> = { start: 0, every: 1 };

/**
 * Evaluates the mean of the parameters that the inner optimizer would have evaluated, from `start` on; training is
 * left alone. Statistics of batch normalisation must be taken anew at the mean. Cost: one pass, one copy of theta.
 *
 * @example
 * const optimizer = swa(momentum({ learningRate: 0.05 }), { start: 3000, every: 100 });
 */
export function swa<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: SwaOptions = {},
): Optimizer<SwaState<Inner>> {
  requireOptimizer("swa", inner);
  const { start, every } = withDefaults("swa", options, swaDefaults);
  requireInteger("swa", "start", start, 0);
  requireInteger("swa", "every", every, 1);
  return iterateMean("swa", inner, { first: start, every });
}
