/**
 * QHAdam: quasi-hyperbolic Adam (Ma & Yarats, ICLR 2019): Adam with the gradient of now mixed into both moments. Moments
 * as in `adamMoments.ts`; nu1 = nu2 = 1 is Adam.
 *
 *     theta ← theta - learningRate · ((1 - nu1) · g + nu1 · m̂) / (√((1 - nu2) · g² + nu2 · ŝ) + eps)
 */
import { atStep, oneMinus, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { descend, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import { upToOne } from "./qhm.ts";

export interface QhadamOptions extends MomentOptions {
  /** Part of the first moment that is kept. Default 0.995, as the paper recommends. */
  beta1?: Hyperparameter;
  /** Part of the step that is the first moment's, from 0 to 1. Default 0.7. */
  nu1?: Hyperparameter;
  /** Part of the squared size that is the second moment's, from 0 to 1. Default 1. */
  nu2?: Hyperparameter;
}

export const qhadamDefaults: Required<QhadamOptions> = { ...momentDefaults, beta1: 0.995, nu1: 0.7, nu2: 1 };

/** Adam with an immediate part. Cost: three passes, two copies of theta. */
export function qhadam(options: QhadamOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("qhadam", options, qhadamDefaults);
  requireMomentOptions("qhadam", rule);
  requireHyperparameter("qhadam", "nu1", rule.nu1, upToOne);
  requireHyperparameter("qhadam", "nu2", rule.nu2, upToOne);
  return skipOverflow<AdamState>(
    {
      name: "qhadam",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("qhadam", theta, gradient, state);
        const [nu1, nu2] = [atStep(rule.nu1, state.step), atStep(rule.nu2, state.step)];
        const eps = atStep(rule.eps, state.step);
        const next = nextMoments(rule, gradient, state);
        const direction = mapFloats(
          (g, m, s) => {
            const mean = g.mul(oneMinus(nu1(g))).add(unbiased(m!, next.firstWeight).mul(nu1(g)));
            const square = g
              .mul(g)
              .mul(oneMinus(nu2(g)))
              .add(unbiased(s!, next.secondWeight).mul(nu2(g)));
            return mean.div(root(square).add(eps(g)));
          },
          gradient,
          next.firstMoment,
          next.secondMoment,
        );
        return {
          theta: descend(theta, direction, atStep(rule.learningRate, state.step)),
          state: next,
        };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
