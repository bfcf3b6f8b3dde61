/**
 * Clipping by value (Graves, arXiv 2013, section 2.1): every element of the gradient is brought into a range.
 *
 *     g ← max(-maxAbs, min(maxAbs, g))
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface ClipByValueOptions {
  /** Largest size of an element. Default 1. */
  maxAbs?: Hyperparameter;
}

export const clipByValueDefaults: Required<ClipByValueOptions> = { maxAbs: 1 };

/**
 * Elementwise gradient clipping in front of another optimizer. NaN stays NaN. Cost: one pass over the gradient.
 */
export function clipByValue<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: ClipByValueOptions = {},
): Optimizer<WrappedState<Inner>> {
  requireOptimizer("clipByValue", inner);
  const { maxAbs } = withDefaults("clipByValue", options, clipByValueDefaults);
  requireHyperparameter("clipByValue", "maxAbs", maxAbs, positive);
  return {
    name: `clipByValue(${inner.name})`,
    ...passOn<WrappedState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta) }),
    update(gradient, state, theta, observed) {
      requireGradient("clipByValue", theta, gradient, state);
      const most = atStep(maxAbs, state.step);
      const clip = (g: Tensor): Tensor => {
        const upper = np.onesLike(g).mul(most(g));
        return np.where(g.greater(upper), upper, np.where(g.less(upper.neg()), upper.neg(), g));
      };
      const moved = inner.update(mapFloats(clip, gradient), state.inner, theta, observed);
      return { theta: moved.theta, state: { step: advance(state.step), inner: moved.state } };
    },
  };
}
