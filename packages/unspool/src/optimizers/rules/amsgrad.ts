/**
 * AMSGrad (Reddi, Kale & Kumar, ICLR 2018): Adam divided by the largest second moment so far, so that step sizes
 * do not grow again. Moments m and s as in Adam, m̂ and ŝ without their bias.
 *
 *     optax:  h ← max(h, ŝ);   theta ← theta - learningRate · m̂ / (√h + eps)
 *     paper:  h ← max(h, s);   theta ← theta - learningRate · m / (√h + eps)
 *     torch:  h ← max(h, s);   theta ← theta - learningRate · m̂ / (√(h / (1 - beta2^t)) + eps)
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { requireOneOf } from "../../errors.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import { atStep, withDefaults } from "../hyperparameter.ts";
import { descend, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AmsgradOptions extends MomentOptions {
  /** Where the bias towards the start is taken out: "optax", "paper" (nowhere) or "torch". Default "optax". */
  variant?: "optax" | "paper" | "torch";
}

export type AmsgradState = AdamState & {
  /** h. */
  largest: Tree;
};

export const amsgradDefaults: Required<AmsgradOptions> = { ...momentDefaults, variant: "optax" };

/** Adam with step sizes that only fall. Cost: four passes, three copies of theta. */
export function amsgrad(options: AmsgradOptions = {}): Optimizer<AmsgradState & Skipping> {
  const rule = withDefaults("amsgrad", options, amsgradDefaults);
  const { variant } = rule;
  requireMomentOptions("amsgrad", rule);
  requireOneOf("amsgrad", "variant", variant, ["optax", "paper", "torch"]);
  return skipOverflow<AmsgradState>(
    {
      name: "amsgrad",
      momentum: "firstMoment",
      init: (theta) => ({ ...initMoments(theta), largest: zeros(theta) }),
      update(gradient, state, theta) {
        requireGradient("amsgrad", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const next = nextMoments(rule, gradient, state);
        const { firstWeight, secondWeight } = next;
        const seen = (s: Tensor): Tensor => (variant === "optax" ? unbiased(s, secondWeight) : s);
        const largest = mapFloats((h, s) => np.maximum(h, seen(s)), state.largest, next.secondMoment);
        const direction = mapFloats(
          (_x, m, h) => {
            const scale = root(variant === "torch" ? unbiased(h, secondWeight) : h).add(eps(h));
            return (variant === "paper" ? m : unbiased(m, firstWeight)).div(scale);
          },
          theta,
          next.firstMoment,
          largest,
        );
        return { theta: descend(theta, direction, rate), state: { ...next, largest } };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
