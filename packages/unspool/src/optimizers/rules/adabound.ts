/**
 * AdaBound and AMSBound (Luo, Xiong, Liu & Sun, ICLR 2019): Adam whose step sizes are held between bounds that
 * close on one learning rate, so that it ends as gradient descent. Moments m and s as in Adam.
 *
 *     AMSBound: h ← max(h, s);   AdaBound: h = s
 *     lower = finalLearningRate · (1 - 1 / ((1 - beta2) · t + 1))
 *     upper = finalLearningRate · (1 + 1 / ((1 - beta2) · t))
 *     theta ← theta - clip(learningRate / (√h + eps), lower, upper) · m
 *     isBiasCorrected (the authors' code):  learningRate · √(1 - beta2^t) / (1 - beta1^t) instead of learningRate
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiasedSecondMoment } from "./adamMoments.ts";
import {
  asType,
  atStep,
  oneMinus,
  positive,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { requireBoolean } from "../hyperparameter.ts";
import { mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdaboundOptions extends MomentOptions {
  /** What the bounds close on. Default 0.1. */
  finalLearningRate?: Hyperparameter;
  /** AMSBound: divides by the largest second moment so far. Default false. */
  isAmsbound?: boolean;
  /** Adam's correction for the start of the moments, which the authors' code has and their paper has not. Default false. */
  isBiasCorrected?: boolean;
}

export type AdaboundState = AdamState & {
  /** h. If AMSBound. */
  largest?: Tree;
};

export const adaboundDefaults: Required<AdaboundOptions> = {
  ...momentDefaults,
  finalLearningRate: 0.1,
  isAmsbound: false,
  isBiasCorrected: false,
};

/** From Adam to gradient descent. Cost: four passes, two copies of theta (three with AMSBound). */
export function adabound(options: AdaboundOptions = {}): Optimizer<AdaboundState & Skipping> {
  const rule = withDefaults("adabound", options, adaboundDefaults);
  requireMomentOptions("adabound", rule);
  requireHyperparameter("adabound", "finalLearningRate", rule.finalLearningRate, positive);
  requireBoolean("adabound", "isAmsbound", rule.isAmsbound);
  requireBoolean("adabound", "isBiasCorrected", rule.isBiasCorrected);
  return skipOverflow<AdaboundState>(
    {
      name: "adabound",
      momentum: "firstMoment",
      init: (theta) => ({ ...initMoments(theta), ...(rule.isAmsbound && { largest: zeros(theta) }) }),
      update(gradient, state, theta) {
        requireGradient("adabound", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const end = atStep(rule.finalLearningRate, state.step);
        const next = nextMoments(rule, gradient, state);
        const largest = rule.isAmsbound
          ? mapFloats((h, s) => np.maximum(h, s), state.largest!, next.secondMoment)
          : undefined;
        // Before the weight of the moments, so that all is in the dtype of theta's widest leaf.
        const width = next.firstWeight;
        const time = next.step.astype(width.dtype).mul(oneMinus(atStep(rule.beta2, state.step)(width)));
        const [below, above] = [time.div(time.add(1)), np.divide(1, time).add(1)];
        const correction = np.sqrt(next.secondWeight).div(next.firstWeight);
        const moved = mapFloats(
          (x, m, h) => {
            const plain = np.divide(rate(x), root(h).add(eps(x))) as Tensor;
            const free = rule.isBiasCorrected ? plain.mul(asType(correction, x.dtype)) : plain;
            const lower = asType(below, x.dtype).mul(end(x));
            const upper = asType(above, x.dtype).mul(end(x));
            return x.sub(np.minimum(np.maximum(free, lower), upper).mul(m));
          },
          theta,
          next.firstMoment,
          largest ?? next.secondMoment,
        );
        return { theta: moved, state: { ...next, ...(largest && { largest }) } };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
