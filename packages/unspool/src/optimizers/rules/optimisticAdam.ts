/**
 * Optimistic Adam (Daskalakis, Ilyas, Syrgkanis & Zeng, ICLR 2018, Algorithm 1): Adam that expects its direction r to
 * change as it has just changed. Moments as in `adamMoments.ts`.
 *
 *     r = m̂ / (√(ŝ + epsRoot) + eps);   theta ← theta - learningRate · (r + optimism · (r - r'));   r' ← r,   r' = r at first
 */
import { type Tree, np } from "../../array/index.ts";
import { atLeast0, atStep, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { counter, descend, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type AdamOptions, type AdamState, adamDefaults, adamDirection } from "./adamMoments.ts";
import { initMoments, requireAdamOptions, unbiasedSecondMoment } from "./adamMoments.ts";

export interface OptimisticAdamOptions extends AdamOptions {
  /** Part of the last change that is expected again. Default 1. */
  optimism?: Hyperparameter;
}

export type OptimisticAdamState = AdamState & {
  /** r'; 0 before the first. */
  previous: Tree;
};

export const optimisticAdamDefaults: Required<OptimisticAdamOptions> = { ...adamDefaults, optimism: 1 };

/** Adam for games. Cost: four passes, three copies of theta. */
export function optimisticAdam(
  options: OptimisticAdamOptions = {},
): Optimizer<OptimisticAdamState & Skipping> {
  const rule = withDefaults("optimisticAdam", options, optimisticAdamDefaults);
  requireAdamOptions("optimisticAdam", rule);
  requireHyperparameter("optimisticAdam", "optimism", rule.optimism, atLeast0);
  return skipOverflow<OptimisticAdamState>(
    {
      name: "optimisticAdam",
      momentum: "firstMoment",
      init: (theta) => ({ ...initMoments(theta), previous: zeros(theta) }),
      update(gradient, state, theta) {
        requireGradient("optimisticAdam", theta, gradient, state);
        const optimism = atStep(rule.optimism, state.step);
        const isFirst = state.step.equal(counter());
        const next = adamDirection<typeof theta>(rule, gradient, state);
        const direction = mapFloats(
          (r, last) => r.add(r.sub(np.where(isFirst, r, last!)).mul(optimism(r))),
          next.direction,
          state.previous,
        );
        return {
          theta: descend(theta, direction, atStep(rule.learningRate, state.step)),
          state: { ...next.state, previous: mapFloats((_p, r) => r!, state.previous, next.direction) },
        };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}
