/**
 * AdaBelief (Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris & Duncan, NeurIPS 2020): Adam divided by how far
 * gradients are from what the first moment predicts.
 *
 *     m ← beta1 · m + (1 - beta1) · g
 *     s ← beta2 · s + (1 - beta2) · (g - m)² + eps
 *     theta ← theta - learningRate · m̂ / (√ŝ + eps)
 */
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased } from "./adamMoments.ts";
import { atStep, oneMinus, withDefaults } from "../hyperparameter.ts";
import { descend, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdabeliefOptions extends MomentOptions {
  /** Added to the second moment at every update, and to its root. Default 1e-16. */
  eps?: Hyperparameter;
}

export const adabeliefDefaults: Required<AdabeliefOptions> = { ...momentDefaults, eps: 1e-16 };

/** Long steps where gradients are as expected, short ones where they are not. Cost: three passes, two copies of theta. */
export function adabelief(options: AdabeliefOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("adabelief", options, adabeliefDefaults);
  requireMomentOptions("adabelief", rule);
  return skipOverflow<AdamState>(
    {
      name: "adabelief",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("adabelief", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const next = nextMoments(rule, gradient, state, (s, g, m, beta2) => {
          const surprise = g.sub(m);
          return s
            .mul(beta2)
            .add(surprise.mul(surprise).mul(oneMinus(beta2)))
            .add(eps(s));
        });
        const direction = mapFloats(
          (_x, m, s) => unbiased(m, next.firstWeight).div(root(unbiased(s, next.secondWeight)).add(eps(s))),
          theta,
          next.firstMoment,
          next.secondMoment,
        );
        return { theta: descend(theta, direction, rate), state: next };
      },
    },
    { options: rule },
  );
}
