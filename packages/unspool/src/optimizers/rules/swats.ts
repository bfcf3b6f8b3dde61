/**
 * SWATS (Keskar & Socher, arXiv 1712.07628, 2017, Algorithm 1): Adam at first, then momentum, from when the learning rate
 * Λ is known that would make gradient descent's step as long, along Adam's, as Adam's. Moments as in `adamMoments.ts`.
 *
 *     p = -learningRate · m̂ / (√ŝ + eps);   γ = p·p / -(p·g) over all of theta;   λ ← beta2 · λ + (1 - beta2) · γ
 *     λ̂ = λ without its bias;   once |λ̂ - γ| < tolerance after the first step, and λ̂ > 0:   Λ ← λ̂, m ← 0
 *     theta ← theta + p until then;   after it:  m ← beta1 · m + (1 - beta1) · g;   theta ← theta - Λ · m
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import {
  asType,
  atStep,
  oneMinus,
  positive,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, dot, mapFloats, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamState, type MomentOptions, adamDirection, initMoments } from "./adamMoments.ts";
import { momentDefaults, requireMomentOptions, unbiasedSecondMoment } from "./adamMoments.ts";

export interface SwatsOptions extends MomentOptions {
  /** Of Adam: after the switch Λ is the learning rate, and a schedule has no say. Default 0.001. */
  learningRate?: Hyperparameter;
  /** Added to the root. Default 1e-9. */
  eps?: Hyperparameter;
  /** How close γ must be to its mean for the switch. Default 1e-9, the paper's: hardly ever for noisy gradients. */
  tolerance?: Hyperparameter;
}

export type SwatsState = AdamState & {
  /** λ: float scalar. */
  meanRate: Tensor;
  /** Sum of the weights in λ: float scalar. */
  rateWeight: Tensor;
  /** Λ; 0 before the switch: float scalar. */
  switchedRate: Tensor;
};

export const swatsDefaults: Required<SwatsOptions> = { ...momentDefaults, eps: 1e-9, tolerance: 1e-9 };

/** From Adam to momentum by itself. Cost: five passes, two copies of theta. */
export function swats(options: SwatsOptions = {}): Optimizer<SwatsState & Skipping> {
  const rule = withDefaults("swats", options, swatsDefaults);
  requireMomentOptions("swats", rule);
  requireHyperparameter("swats", "tolerance", rule.tolerance, positive);
  return skipOverflow<SwatsState>(
    {
      name: "swats",
      momentum: "firstMoment",
      init(theta) {
        const scalar = tree.scalar(0, tree.floatType(theta));
        return { ...initMoments(theta), meanRate: scalar, rateWeight: scalar, switchedRate: scalar };
      },
      update(gradient, state, theta) {
        requireGradient("swats", theta, gradient, state);
        const { meanRate, rateWeight, switchedRate, ...moments } = state;
        const rate = atStep(rule.learningRate, state.step);
        const isSwitched = switchedRate.greater(0);
        const { direction, state: next } = adamDirection<typeof theta>(
          { ...rule, epsRoot: 0 },
          gradient,
          moments,
        );
        const steps = mapFloats((u) => u.mul(rate(u)), direction);
        const slope = dot(steps, gradient);
        const isFlat = slope.equal(0);
        const ratio = dot(steps, steps).div(np.where(isFlat, np.onesLike(slope), slope));
        const kept = atStep(rule.beta2, state.step)(meanRate);
        const mean = meanRate.mul(kept).add(ratio.mul(oneMinus(kept)));
        const weight = rateWeight.mul(kept).add(oneMinus(kept));
        const estimate = mean.div(np.where(weight.equal(0), np.onesLike(weight), weight));
        const isNow = [
          np.abs(estimate.sub(ratio)).less(atStep(rule.tolerance, state.step)(meanRate)),
          estimate.greater(0),
          state.step.greater(counter()),
          np.logicalNot(isFlat),
          np.logicalNot(isSwitched),
        ].reduce<Tensor>((all, claim) => np.logicalAnd(all, claim) as Tensor, tree.scalar(1, "bool"));
        const moved = mapFloats(
          (x, u, m) => x.sub(np.where(isSwitched, m!.mul(asType(switchedRate, x.dtype)), u!)),
          theta,
          steps,
          next.firstMoment,
        );
        return {
          theta: moved,
          state: {
            ...next,
            step: advance(state.step),
            firstMoment: mapFloats((m) => np.where(isNow, np.zerosLike(m), m), next.firstMoment),
            meanRate: np.where(isFlat, meanRate, mean),
            rateWeight: np.where(isFlat, rateWeight, weight),
            switchedRate: np.where(isNow, estimate, switchedRate),
          },
        };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
