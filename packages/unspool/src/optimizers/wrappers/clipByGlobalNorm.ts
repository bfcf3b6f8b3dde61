/**
 * Clipping by global norm (Pascanu, Mikolov & Bengio 2013): a gradient longer than `maxNorm` is shortened to it.
 *
 *     g ← g · min(1, maxNorm / ‖g‖),   ‖g‖ over all leaves together
 */
import { type Tensor, type Tree, lax, np, tree } from "../../array/index.ts";
import { asType, atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, normOf, requireGradient, thetaEntries } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface ClipByGlobalNormOptions {
  /** Longest gradient that passes unchanged. Default 1. */
  maxNorm?: Hyperparameter;
}

export type ClipByGlobalNormState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** What the last gradient was multiplied by, 1 if it was short enough: float scalar. */
  clipFactor: Tensor;
};

export const clipByGlobalNormDefaults: Required<ClipByGlobalNormOptions> = { maxNorm: 1 };

/**
 * Gradient clipping in front of another optimizer. Whatever its length, a finite gradient is shortened and not zeroed;
 * one that is not finite is not repaired. The metric `clipFactor` says by what the last gradient was multiplied. Cost: two passes over the gradient.
 *
 * @example
 * const optimizer = clipByGlobalNorm(adam(), { maxNorm: 1 });
 */
export function clipByGlobalNorm<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: ClipByGlobalNormOptions = {},
): Optimizer<ClipByGlobalNormState<Inner>> {
  requireOptimizer("clipByGlobalNorm", inner);
  const { maxNorm } = withDefaults("clipByGlobalNorm", options, clipByGlobalNormDefaults);
  requireHyperparameter("clipByGlobalNorm", "maxNorm", maxNorm, positive);
  return {
    name: `clipByGlobalNorm(${inner.name})`,
    ...passOn<ClipByGlobalNormState<Inner>, Inner>(inner),
    metrics: (state) => ({ ...inner.metrics?.(state.inner), clipFactor: state.clipFactor }),
    init: (theta) => {
      thetaEntries("clipByGlobalNorm", theta);
      const start = inner.init(theta);
      return { step: counter(), inner: start, clipFactor: tree.scalar(1, tree.floatType(theta)) };
    },
    update(gradient, state, theta, observed) {
      requireGradient("clipByGlobalNorm", theta, gradient, state);
      const { scale, unit, length } = normOf(gradient);
      const most = atStep(maxNorm, state.step)(length);
      // A short gradient passes bit for bit; so does NaN. The length may be Infinity, `unit` is not.
      const isLong = length.greater(most);
      const part = np.divide(most, np.where(isLong, unit, np.onesLike(unit)));
      const clipped = mapFloats(
        (g) => np.where(isLong, g.div(asType(scale, g.dtype)).mul(asType(part, g.dtype)), g),
        gradient,
      );
      const moved = inner.update(clipped, state.inner, theta, observed);
      // A constant: derivatives have no use for it, and its own is none where the length is Infinity.
      const factor = np.where(isLong, np.divide(most, length), np.onesLike(length));
      const clipFactor = lax.stopGradient(factor) as Tensor;
      return { theta: moved.theta, state: { step: advance(state.step), inner: moved.state, clipFactor } };
    },
  };
}
