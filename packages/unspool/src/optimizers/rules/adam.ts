/**
 * Adam (Kingma & Ba 2015). Equations and state: `adamMoments.ts`.
 *
 *     theta ← theta - learningRate · m̂ / (√(ŝ + epsRoot) + eps)
 */
import { type AdamOptions, type AdamState, adamDefaults, adamDirection } from "./adamMoments.ts";
import { initMoments, requireAdamOptions, unbiasedSecondMoment } from "./adamMoments.ts";
import { atStep, withDefaults } from "../hyperparameter.ts";
import { mapFloats, requireGradient } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

/**
 * Adam. At a zero gradient neither the step nor its derivatives are NaN, so it can be differentiated through.
 * Cost: three passes, two copies of theta.
 */
export function adam(options: AdamOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("adam", options, adamDefaults);
  requireAdamOptions("adam", rule);
  return skipOverflow<AdamState>(
    {
      name: "adam",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("adam", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const next = adamDirection<typeof theta>(rule, gradient, state);
        return {
          theta: mapFloats((x, d) => x.sub(d.mul(rate(x))), theta, next.direction),
          state: next.state,
        };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
