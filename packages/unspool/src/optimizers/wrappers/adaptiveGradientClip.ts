/**
 * Adaptive gradient clipping (Brock, De, Smith & Simonyan, ICML 2021): the gradient of each unit is at most `clip`
 * times as long as its weights.
 *
 *     per unit:  g ← g · min(1, clip · max(‖theta‖, eps) / ‖g‖)
 *
 * A unit is what feeds one output: a slice along `unitAxis`. Scalars and vectors are one unit.
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, normAlong, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface AdaptiveGradientClipOptions {
  /** Longest gradient, in units of the weights' length. Default 0.01. */
  clip?: Hyperparameter;
  /** Weights count as at least this long, so that those at 0 can move. Default 0.001. */
  eps?: Hyperparameter;
  /** Axis of the outputs of a leaf of rank 2 or more; negative: from the last. Default -1. */
  unitAxis?: number;
}

export const adaptiveGradientClipDefaults: Required<AdaptiveGradientClipOptions> = {
  clip: 0.01,
  eps: 1e-3,
  unitAxis: -1,
};

/** Clipping by unit in front of another optimizer. Cost: two passes over theta and gradient. */
export function adaptiveGradientClip<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: AdaptiveGradientClipOptions = {},
): Optimizer<WrappedState<Inner>> {
  const where = "adaptiveGradientClip";
  requireOptimizer(where, inner);
  const rule = withDefaults(where, options, adaptiveGradientClipDefaults);
  requireHyperparameter(where, "clip", rule.clip, positive);
  requireHyperparameter(where, "eps", rule.eps, positive);
  if (!Number.isInteger(rule.unitAxis)) throw new OptionError(where, "unitAxis", rule.unitAxis, "an integer");
  return {
    name: `${where}(${inner.name})`,
    ...passOn<WrappedState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta) }),
    update(gradient, state, theta, observed) {
      requireGradient(where, theta, gradient, state);
      const most = atStep(rule.clip, state.step);
      const floor = atStep(rule.eps, state.step);
      const clip = (x: Tensor, g: Tensor): Tensor => {
        const axes = axesOfUnit(x.ndim, rule.unitAxis);
        const allowed = np.maximum(normAlong(x, axes).length, floor(x)).mul(most(x));
        const { scale, unit, length } = normAlong(g, axes);
        // A short gradient passes bit for bit; so does NaN. The length may be Infinity, `unit` is not.
        const isLong = length.greater(allowed);
        const part = allowed.div(np.where(isLong, unit, np.onesLike(unit)));
        return np.where(isLong, g.div(scale).mul(part), g);
      };
      const clipped = mapFloats((g, x) => clip(x!, g), gradient, theta);
      const moved = inner.update(clipped, state.inner, theta, observed);
      return { theta: moved.theta, state: { step: advance(state.step), inner: moved.state } };
    },
  };
}

/** The axes over which a unit's norm sums: all but `unitAxis`, and all of a scalar or vector. */
function axesOfUnit(rank: number, unitAxis: number): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i);
  if (rank < 2) return axes;
  const outputs = unitAxis < 0 ? rank + unitAxis : unitAxis;
  return axes.filter((axis) => axis !== outputs);
}
