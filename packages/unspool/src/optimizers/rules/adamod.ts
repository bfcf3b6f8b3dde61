/**
 * AdaMod (Ding, Ren, Luo & Sun, arXiv 1910.12249, 2019): Adam whose step sizes are held below their own running mean, so
 * that none is suddenly large. Moments as in `adamMoments.ts`.
 *
 *     η = learningRate / (√ŝ + eps);   n ← beta3 · n + (1 - beta3) · η,   from 0
 *     theta ← theta - min(η, n) · m̂
 */
import { type Tree, np } from "../../array/index.ts";
import { atStep, belowOne, oneMinus, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";

export interface AdamodOptions extends MomentOptions {
  /** Part of the mean step size that is kept: the length of the warm-up that it makes. Default 0.999. */
  beta3?: Hyperparameter;
}

export type AdamodState = AdamState & {
  /** n. */
  meanRate: Tree;
};

export const adamodDefaults: Required<AdamodOptions> = { ...momentDefaults, beta3: 0.999 };

/** Adam with a memory of its step sizes. Cost: four passes, three copies of theta. */
export function adamod(options: AdamodOptions = {}): Optimizer<AdamodState & Skipping> {
  const rule = withDefaults("adamod", options, adamodDefaults);
  requireMomentOptions("adamod", rule);
  requireHyperparameter("adamod", "beta3", rule.beta3, belowOne);
  return skipOverflow<AdamodState>(
    {
      name: "adamod",
      momentum: "firstMoment",
      init: (theta) => ({ ...initMoments(theta), meanRate: zeros(theta) }),
      update(gradient, state, theta) {
        requireGradient("adamod", theta, gradient, state);
        const [rate, eps] = [atStep(rule.learningRate, state.step), atStep(rule.eps, state.step)];
        const kept = atStep(rule.beta3, state.step);
        const next = nextMoments(rule, gradient, state);
        const rates = mapFloats((s) => {
          const size = root(unbiased(s, next.secondWeight)).add(eps(s));
          return np.divide(rate(s), size) as typeof s;
        }, next.secondMoment);
        const meanRate = mapFloats(
          (n, now) => n.mul(kept(n)).add(now!.mul(oneMinus(kept(n)))),
          state.meanRate,
          rates,
        );
        const moved = mapFloats(
          (x, m, now, mean) => x.sub(np.minimum(now!, mean!).mul(unbiased(m!, next.firstWeight))),
          theta,
          next.firstMoment,
          rates,
          meanRate,
        );
        return { theta: moved, state: { ...next, meanRate } };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
