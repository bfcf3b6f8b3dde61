/**
 * AdaMax (Kingma & Ba, ICLR 2015, section 7.1): Adam with the largest recent gradient in place of the root mean
 * square. The state is Adam's, with u for the second moment.
 *
 *     m ← beta1 · m + (1 - beta1) · g
 *     u ← max(beta2 · u, |g|)
 *     theta ← theta - learningRate · m̂ / (u + eps),   m̂ = m / (1 - beta1^t)
 */
import { np } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased } from "./adamMoments.ts";
import { atStep, withDefaults } from "../hyperparameter.ts";
import { descend, mapFloats, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdamaxOptions extends MomentOptions {
  /** Default 0.002. */
  learningRate?: Hyperparameter;
}

export const adamaxDefaults: Required<AdamaxOptions> = { ...momentDefaults, learningRate: 0.002 };

/** Adam that a single small gradient does not speed up. Cost: three passes, two copies of theta. */
export function adamax(options: AdamaxOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("adamax", options, adamaxDefaults);
  requireMomentOptions("adamax", rule);
  return skipOverflow<AdamState>(
    {
      name: "adamax",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("adamax", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const next = nextMoments(rule, gradient, state, (u, g, _m, beta2) =>
          np.maximum(u.mul(beta2), np.abs(g)),
        );
        const direction = mapFloats(
          (_x, m, u) => unbiased(m, next.firstWeight).div(u.add(eps(u))),
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
