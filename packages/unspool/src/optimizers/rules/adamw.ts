/**
 * AdamW (Loshchilov & Hutter 2019): Adam with weight decay that does not pass through the moments. Equations and
 * state: `adamMoments.ts`.
 *
 *     theta ← theta - learningRate · (m̂ / (√(ŝ + epsRoot) + eps) + weightDecay · theta)
 */
import { tree } from "../../array/index.ts";
import { type AdamOptions, type AdamState, adamDefaults, adamDirection } from "./adamMoments.ts";
import { initMoments, requireAdamOptions, unbiasedSecondMoment } from "./adamMoments.ts";
import { atLeast0, atStep, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { isFloatLeaf, requireGradient } from "../leaves.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdamwOptions extends AdamOptions {
  /** Part of theta that is taken away per step, before the learning rate. Default 0.01. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

export const adamwDefaults: Required<AdamwOptions> = {
  ...adamDefaults,
  weightDecay: 0.01,
  decayed: () => true,
};

/**
 * Adam with decoupled weight decay. Cost: three passes, two copies of theta.
 *
 * @example
 * const optimizer = adamw({ weightDecay: 0.1, decayed: (path, leaf) => leaf.ndim > 1 });
 */
export function adamw(options: AdamwOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("adamw", options, adamwDefaults);
  requireAdamOptions("adamw", rule);
  requireHyperparameter("adamw", "weightDecay", rule.weightDecay, atLeast0);
  const isDecayed = leafPredicate("adamw", "decayed", rule.decayed);
  return skipOverflow<AdamState>(
    {
      name: "adamw",
      momentum: "firstMoment",
      init(theta) {
        requireLeaves("adamw", "decayed", rule.decayed, theta);
        return initMoments(theta);
      },
      update(gradient, state, theta) {
        requireGradient("adamw", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const decay = atStep(rule.weightDecay, state.step);
        const next = adamDirection<typeof theta>(rule, gradient, state);
        const moved = tree.mapWithPath(
          (path, x, d) => {
            if (!isFloatLeaf(x)) return x;
            const total = isDecayed(path, x) ? d!.add(x.mul(decay(x))) : d!;
            return x.sub(total.mul(rate(x)));
          },
          theta,
          next.direction,
        );
        return { theta: moved, state: next.state };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
