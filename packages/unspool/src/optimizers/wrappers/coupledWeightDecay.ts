/**
 * L2 regularisation (Hoerl & Kennard, Technometrics 1970): the gradient of weightDecay / 2 · ‖theta‖² is added to
 * that of the loss, before the inner optimizer scales anything. Around Adam it is "Adam with L2", which is not AdamW.
 *
 *     g ← g + weightDecay · theta
 */
import { type Tree, tree } from "../../array/index.ts";
import { atLeast0, atStep, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "./leafChoice.ts";
import { advance, counter, isFloatLeaf, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface CoupledWeightDecayOptions {
  /** Part of theta that is added to the gradient. Default 0.01. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

export const coupledWeightDecayDefaults: Required<CoupledWeightDecayOptions> = {
  weightDecay: 0.01,
  decayed: () => true,
};

/**
 * Weight decay in front of another optimizer. Cost: one pass over the gradient.
 *
 * @example
 * const optimizer = coupledWeightDecay(momentum(), { weightDecay: 5e-4 });
 */
export function coupledWeightDecay<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: CoupledWeightDecayOptions = {},
): Optimizer<WrappedState<Inner>> {
  requireOptimizer("coupledWeightDecay", inner);
  const rule = withDefaults("coupledWeightDecay", options, coupledWeightDecayDefaults);
  requireHyperparameter("coupledWeightDecay", "weightDecay", rule.weightDecay, atLeast0);
  const isDecayed = leafPredicate("coupledWeightDecay", "decayed", rule.decayed);
  return {
    name: `coupledWeightDecay(${inner.name})`,
    ...passOn<WrappedState<Inner>, Inner>(inner),
    init(theta) {
      requireLeaves("coupledWeightDecay", "decayed", rule.decayed, theta);
      return { step: counter(), inner: inner.init(theta) };
    },
    update(gradient, state, theta, observed) {
      requireGradient("coupledWeightDecay", theta, gradient, state);
      const decay = atStep(rule.weightDecay, state.step);
      const regularised = tree.mapWithPath(
        (path, g, x) => (isFloatLeaf(x) && isDecayed(path, x) ? g.add(x.mul(decay(x))) : g),
        gradient,
        theta,
      );
      const moved = inner.update(regularised, state.inner, theta, observed);
      return { theta: moved.theta, state: { step: advance(state.step), inner: moved.state } };
    },
  };
}
