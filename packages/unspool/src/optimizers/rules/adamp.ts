/**
 * AdamP (Heo, Chun, Oh, Han, Yun, Kim, Uh & Ha, ICLR 2021): AdamW whose steps do not lengthen weights whose length means
 * nothing, since a normalisation follows: momentum does, and so slows their training down. Moments as in `adamMoments.ts`,
 * the projection in `withoutRadial.ts`.
 *
 *     u = m̂ / (√ŝ + eps)   (isNesterov: (beta1 · m + (1 - beta1) · g) / w1 instead of m̂)
 *     per unit, then per leaf:  if max |cos(w, g)| < threshold / √(elements of w):  u ← u - (ŵ · u) ŵ,   ŵ = w / ‖w‖
 *     theta ← theta - learningRate · (u + weightDecay · theta),   with decayRatio · weightDecay where u was changed
 */
import { atStep, oneMinus, requireBoolean, withDefaults } from "../hyperparameter.ts";
import { mapFloats, requireGradient, root } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import { type RadialOptions, descendWithoutRadial, radialDefaults, requireRadial } from "./withoutRadial.ts";

export interface AdampOptions extends MomentOptions, RadialOptions {
  /** Looks ahead by one step of the first moment. Default false. */
  isNesterov?: boolean;
}

export const adampDefaults: Required<AdampOptions> = {
  ...momentDefaults,
  ...radialDefaults,
  isNesterov: false,
};

/** AdamW for networks with normalisation layers. Cost: six passes, two copies of theta. */
export function adamp(options: AdampOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("adamp", options, adampDefaults);
  requireMomentOptions("adamp", rule);
  requireRadial("adamp", rule);
  requireBoolean("adamp", "isNesterov", rule.isNesterov);
  return skipOverflow<AdamState>(
    {
      name: "adamp",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("adamp", theta, gradient, state);
        const eps = atStep(rule.eps, state.step);
        const kept = atStep(rule.beta1, state.step);
        const next = nextMoments(rule, gradient, state);
        const direction = mapFloats(
          (g, m, s) => {
            const ahead = rule.isNesterov ? m!.mul(kept(g)).add(g.mul(oneMinus(kept(g)))) : m!;
            return unbiased(ahead, next.firstWeight).div(root(unbiased(s!, next.secondWeight)).add(eps(g)));
          },
          gradient,
          next.firstMoment,
          next.secondMoment,
        );
        const moved = descendWithoutRadial(
          theta,
          gradient,
          direction,
          atStep(rule.learningRate, state.step),
          {
            decay: atStep(rule.weightDecay, state.step),
            decayRatio: atStep(rule.decayRatio, state.step),
            threshold: atStep(rule.threshold, state.step),
            eps,
            unitAxis: rule.unitAxis,
          },
        );
        return { theta: moved, state: next };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
