/**
 * Dynamic loss scaling (Micikevicius et al., ICLR 2018): gradients are computed of a loss times S, so that they do not
 * vanish in half precision, and divided by S afterwards.
 *
 *     g' = round(S · g)                          as a backward pass in `format` stores it
 *     all finite:    θ, inner ← inner.update(g' / S, θ);   after `growthSteps` such steps in a row S ← factor · S
 *     otherwise:     nothing moves, nothing is counted;   S ← S / factor
 *
 * S stays between 2^-64 and 2^64 (or the scale at the start, where that is beyond): steps that are skipped one after
 * another do not make it 0, gradients of 0 do not make it Infinity, from where it would never come back.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import { asType, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, allFinite, counter, isAt, mapFloats, requireGradient } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "../wrappers/wrapping.ts";
import { type HalfFormat, roundingOf } from "./rounding.ts";

export interface LossScaleOptions {
  /** S at the start. Default 65536. */
  scale?: number;
  /** What S grows and shrinks by, above 1. Powers of two are exact. Default 2. */
  factor?: number;
  /** Good steps in a row before S grows. Default 2000. */
  growthSteps?: number;
  /** Of the backward pass that is emulated: "float32", "bfloat16" or "float16". Default "float32": no rounding. */
  format?: HalfFormat;
}

export type LossScaleState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** S: float32 scalar. */
  scale: Tensor;
  /** Good steps since S changed: int32 scalar. */
  count: Tensor;
  /** Steps that were skipped: int32 scalar. */
  skipped: Tensor;
};

export const lossScaleDefaults: Required<LossScaleOptions> = {
  scale: 65536,
  factor: 2,
  growthSteps: 2000,
  format: "float32",
};

/** Bounds of S. */
const [least, most] = [2 ** -64, 2 ** 64];

/**
 * Takes plain gradients and does the scaling itself; `step` counts all calls, the inner `step` those that were not
 * skipped. With the default format it is a guard against steps that are not finite. Cost: two passes over the gradient,
 * no copy.
 */
export function lossScale<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: LossScaleOptions = {},
): Optimizer<LossScaleState<Inner>> {
  requireOptimizer("lossScale", inner);
  const { scale, factor, growthSteps, format } = withDefaults("lossScale", options, lossScaleDefaults);
  requirePositive("lossScale", "scale", scale);
  if (!Number.isFinite(1 / Math.fround(scale)) || Math.fround(scale) === Infinity) {
    throw new OptionError("lossScale", "scale", scale, "a number of float32, as its reciprocal");
  }
  const [lowest, highest] = [Math.min(least, scale), Math.max(most, scale)];
  requireHyperparameter("lossScale", "factor", factor, { text: "above 1", has: (x) => x > 1 });
  requireInteger("lossScale", "growthSteps", growthSteps, 1);
  requireOneOf("lossScale", "format", format, ["float32", "bfloat16", "float16"]);
  const round = roundingOf(format);
  return {
    name: `lossScale(${inner.name})`,
    ...passOn<LossScaleState<Inner>, Inner>(inner),
    // At its lowest S has been halved some 80 times in a row: no scale is going to help.
    canSkip: (state) => state.scale.greater(lowest),
    init: (theta) => ({
      step: counter(),
      inner: inner.init(theta),
      scale: tree.scalar(scale, "float32"),
      count: counter(),
      skipped: counter(),
    }),
    update(gradient, state, theta, observed) {
      requireGradient("lossScale", theta, gradient, state);
      const stored = mapFloats((g) => round(g.mul(asType(state.scale, g.dtype))), gradient);
      const isGood = allFinite(stored);
      // What is not taken must be finite too, or its derivatives are not.
      const safe = mapFloats((g) => np.where(isGood, g, np.zerosLike(g)), stored);
      const unscaled = mapFloats((g) => g.div(asType(state.scale, g.dtype)), safe);
      const moved = inner.update(unscaled, state.inner, theta, observed);
      const count = advance(state.count);
      const isGrown = isAt(count, growthSteps);
      const grown = np.where(isGrown, np.minimum(state.scale.mul(factor), highest), state.scale) as Tensor;
      return {
        theta: tree.select(isGood, moved.theta, theta),
        state: {
          step: advance(state.step),
          inner: tree.select(isGood, moved.state, state.inner),
          scale: np.where(isGood, grown, np.maximum(state.scale.div(factor), lowest)),
          count: np.where(isGood, np.where(isGrown, counter(), count), counter()),
          skipped: np.where(isGood, state.skipped, advance(state.skipped)),
        },
      };
    },
  };
}
