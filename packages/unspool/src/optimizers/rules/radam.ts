/**
 * RAdam: rectified Adam (Liu, Jiang, He, Chen, Liu, Gao & Han, ICLR 2020). Adam's step is shortened by the spread
 * that its second moment has after few gradients, and is plain momentum while that spread is infinite.
 *
 *     A = Σ_{k=1..t} k · beta2^(k-1) / Σ_{k=1..t} beta2^(k-1)       (mean age of the gradients in s)
 *     ρ = 2 A - 1,   ρ∞ = 2 / (1 - beta2) - 1
 *     ρ > threshold:  r = √((ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ))
 *                     theta ← theta - learningRate · r · m̂ / (√ŝ + eps)
 *     else:           theta ← theta - learningRate · m̂
 *
 * ρ is the paper's ρ∞ - 2 t beta2^t / (1 - beta2^t), in which two large numbers cancel; the mean age is accumulated.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import { asType, atStep, oneMinus, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { descend, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface RadamOptions extends MomentOptions {
  /** Length ρ above which the step is Adam's, at least 4. Default 4, the paper's; 5 in PyTorch and optax. */
  threshold?: Hyperparameter;
}

export type RadamState = AdamState & {
  /** Weighted sum of the ages of the gradients in `secondMoment`; over `secondWeight` it is A. Float scalar. */
  age: Tensor;
};

export const radamDefaults: Required<RadamOptions> = { ...momentDefaults, threshold: 4 };

const atLeast4 = { text: "of at least 4", has: (x: number) => x >= 4 };

/** Adam with its own warm-up. Cost: three passes, two copies of theta. */
export function radam(options: RadamOptions = {}): Optimizer<RadamState & Skipping> {
  const rule = withDefaults("radam", options, radamDefaults);
  requireMomentOptions("radam", rule);
  requireHyperparameter("radam", "threshold", rule.threshold, atLeast4);
  return skipOverflow<RadamState>(
    {
      name: "radam",
      momentum: "firstMoment",
      init: (theta) => ({ ...initMoments(theta), age: tree.scalar(0, tree.floatType(theta)) }),
      update(gradient, state, theta) {
        requireGradient("radam", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const next = nextMoments(rule, gradient, state);
        const beta2 = atStep(rule.beta2, state.step)(state.age);
        // Each gradient is one older, the new one has age 1.
        const age = state.age.add(state.secondWeight).mul(beta2).add(oneMinus(beta2));
        const length = age.div(next.secondWeight).mul(2).sub(1);
        const isRectified = length.greater(atStep(rule.threshold, state.step)(length));
        const shortening = rectification(isRectified, length, beta2);
        const direction = mapFloats(
          (_x, m, s) => {
            const mean = unbiased(m, next.firstWeight);
            const scaled = mean.div(root(unbiased(s, next.secondWeight)).add(eps(s)));
            return np.where(isRectified, scaled.mul(asType(shortening, s.dtype)), mean);
          },
          theta,
          next.firstMoment,
          next.secondMoment,
        );
        return { theta: descend(theta, direction, rate), state: { ...next, age } };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}

/** r, and 1 where it is not used. */
function rectification(isRectified: Tensor, length: Tensor, beta2: number | Tensor): Tensor {
  const one = np.onesLike(length);
  const longest = one.mul(2).div(oneMinus(beta2)).sub(1);
  // (ρ - 4)(ρ - 2) / ρ, with a harmless ρ where the result is not used: 0 has no quotient.
  const spread = (rho: Tensor): Tensor => {
    const safe = np.where(isRectified, rho, one.mul(6));
    return safe.sub(4).mul(safe.sub(2)).div(safe);
  };
  return np.where(isRectified, root(spread(length).div(spread(longest))), one);
}
