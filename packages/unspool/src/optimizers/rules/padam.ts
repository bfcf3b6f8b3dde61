/**
 * Padam: partially adaptive momentum (Chen, Zhou, Tang, Yang, Cao & Gu, IJCAI 2020). Between AMSGrad (power ½) and
 * momentum (power 0). Moments m and s as in Adam, not corrected for their start.
 *
 *     h ← max(h, s)
 *     theta ← theta - learningRate · m / (√h + eps)^(2 · power)
 */
import { type Tree, np } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiasedSecondMoment } from "./adamMoments.ts";
import { type Range, atStep, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { descend, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface PadamOptions extends MomentOptions {
  /** Default 0.1. */
  learningRate?: Hyperparameter;
  /** Of the second moment, above 0 and at most ½. Default 0.125. */
  power?: Hyperparameter;
}

export type PadamState = AdamState & {
  /** h. */
  largest: Tree;
};

export const padamDefaults: Required<PadamOptions> = { ...momentDefaults, learningRate: 0.1, power: 1 / 8 };

const upToHalf: Range = { text: "above 0 and at most 0.5", has: (x) => x > 0 && x <= 0.5 };

/** As adaptive as one wants. Cost: four passes, three copies of theta. */
export function padam(options: PadamOptions = {}): Optimizer<PadamState & Skipping> {
  const rule = withDefaults("padam", options, padamDefaults);
  requireMomentOptions("padam", rule);
  requireHyperparameter("padam", "power", rule.power, upToHalf);
  return skipOverflow<PadamState>(
    {
      name: "padam",
      momentum: "firstMoment",
      init: (theta) => ({ ...initMoments(theta), largest: zeros(theta) }),
      update(gradient, state, theta) {
        requireGradient("padam", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const power = atStep(rule.power, state.step);
        const next = nextMoments(rule, gradient, state);
        const largest = mapFloats((h, s) => np.maximum(h, s), state.largest, next.secondMoment);
        const direction = mapFloats(
          (x, m, h) => {
            const logScale = np
              .log(root(h).add(eps(x)))
              .mul(-2)
              .mul(power(x));
            return m.mul(np.exp(logScale));
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
