/**
 * NAdamW as the rival of learned optimizers (Metz, Maheswaranathan, Sun, Freeman, Poole & Sohl-Dickstein, arXiv
 * 2002.11887, 2020, and the released code): Adam in the order of Kingma and Ba's section 2, with Nesterov's momentum, decay
 * before and after the moments. Moments as in `adamMoments.ts`.
 *
 *     g ← g + coupledDecay · theta
 *     m ← beta1 · m + (1 - beta1) · g,   s ← beta2 · s + (1 - beta2) · g²
 *     rate = learningRate · √(1 - beta2^t) / (1 - beta1^t)
 *     theta ← theta - rate · ((beta1 · m + (1 - beta1) · g) / (√s + eps) + weightDecay · theta)
 *
 * Without Nesterov's momentum the numerator is m. eps is added to a root that is not corrected, so that it counts for more
 * in the first steps than Adam's; the decay has the corrected rate. `nadam` corrects its numerator one step ahead.
 */
import { type Range, asType, atLeast0, atStep, oneMinus, requireHyperparameter } from "../hyperparameter.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import { mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiasedSecondMoment } from "./adamMoments.ts";

export interface NadamwOptions extends MomentOptions {
  /** Part of theta that is taken away per step, before the corrected learning rate. Default 0. */
  weightDecay?: Hyperparameter;
  /** Part of theta that is added to the gradient; the released code takes it away. Default 0. */
  coupledDecay?: Hyperparameter;
  /** Whether the first moment looks one step ahead. Default true. */
  isNesterov?: boolean;
}

export const nadamwDefaults: Required<NadamwOptions> = {
  ...momentDefaults,
  weightDecay: 0,
  coupledDecay: 0,
  isNesterov: true,
};

const anyNumber: Range = { text: "that is finite", has: Number.isFinite };

/**
 * The rule whose settings `optList` has. Cost: four passes, two copies of theta.
 *
 * @example
 * const optimizer = nadamw({ learningRate: 0.003, weightDecay: 0.01 });
 */
export function nadamw(options: NadamwOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("nadamw", options, nadamwDefaults);
  requireMomentOptions("nadamw", rule);
  requireHyperparameter("nadamw", "weightDecay", rule.weightDecay, atLeast0);
  requireHyperparameter("nadamw", "coupledDecay", rule.coupledDecay, anyNumber);
  requireBoolean("nadamw", "isNesterov", rule.isNesterov);
  return skipOverflow<AdamState>(
    {
      name: "nadamw",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("nadamw", theta, gradient, state);
        const [rate, beta1, eps, decay, coupled] = (
          ["learningRate", "beta1", "eps", "weightDecay", "coupledDecay"] as const
        ).map((name) => atStep(rule[name], state.step));
        const pulled =
          rule.coupledDecay === 0
            ? gradient
            : mapFloats((g, x) => g.add(x!.mul(coupled!(x!))), gradient, theta);
        const next = nextMoments(rule, pulled, state);
        const correction = root(next.secondWeight).div(next.firstWeight);
        const moved = mapFloats(
          (x, g, m, s) => {
            const kept = beta1!(x);
            const ahead = rule.isNesterov ? m!.mul(kept).add(g!.mul(oneMinus(kept))) : m!;
            const direction = ahead.div(root(s!).add(eps!(x)));
            const total = rule.weightDecay === 0 ? direction : direction.add(x.mul(decay!(x)));
            return x.sub(total.mul(asType(correction, x.dtype)).mul(rate!(x)));
          },
          theta,
          pulled,
          next.firstMoment,
          next.secondMoment,
        );
        return { theta: moved, state: next };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
