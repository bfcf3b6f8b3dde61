/**
 * Schedule-free AdamW (Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky, NeurIPS 2024): AdamW whose momentum is a mean
 * of its iterates, which needs no schedule and is evaluated. The mean and its options: `scheduleFree.ts`.
 *
 *     s ← beta2 · s + (1 - beta2) · g(y)²,   ŝ without its bias
 *     z ← z - learningRate · (g(y) / (√ŝ + eps) + weightDecay · y)
 *     c = t^timePower · R^ratePower / Σ (the same), with R the largest learning rate so far
 *     x ← x + c · (z - x);   y = z + beta1 · (x - z);   theta is y, and x is evaluated
 */
import { type Tensor, type Tree, tree } from "../../array/index.ts";
import { atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { mapFloats, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { unbiased } from "./adamMoments.ts";
import { type ScheduleFreeOptions, type ScheduleFreeState, initScheduleFree } from "./scheduleFree.ts";
import { requireScheduleFree, scheduleFreeAverage, scheduleFreeDefaults } from "./scheduleFree.ts";
import { scheduleFreeMoveTo, scheduleFreeStep } from "./scheduleFree.ts";

export interface ScheduleFreeAdamwOptions extends ScheduleFreeOptions {
  /** Larger than that of AdamW; with a warm-up, but without decay. Default 0.0025. */
  learningRate?: Hyperparameter;
  /** Part of the second moment that is kept. Default 0.999. */
  beta2?: Hyperparameter;
  /** Added to the root. Default 1e-8. */
  eps?: Hyperparameter;
}

export type ScheduleFreeAdamwState = ScheduleFreeState & {
  /** s. */
  secondMoment: Tree;
  /** Sum of the weights in s: float scalar. */
  secondWeight: Tensor;
};

export const scheduleFreeAdamwDefaults: Required<ScheduleFreeAdamwOptions> = {
  learningRate: 0.0025,
  beta2: 0.999,
  eps: 1e-8,
  ...scheduleFreeDefaults,
};

/**
 * AdamW without a schedule. Evaluate `evaluationTheta`; statistics of batch normalisation must be taken anew there.
 * Cost: four passes, three copies of theta.
 *
 * @example
 * const optimizer = scheduleFreeAdamw({ learningRate: warmup({ of: 0.0025, steps: 100 }), weightDecay: 0.1 });
 */
export function scheduleFreeAdamw(
  options: ScheduleFreeAdamwOptions = {},
): Optimizer<ScheduleFreeAdamwState & Skipping> {
  const rule = withDefaults("scheduleFreeAdamw", options, scheduleFreeAdamwDefaults);
  requireHyperparameter("scheduleFreeAdamw", "learningRate", rule.learningRate, positive);
  requireHyperparameter("scheduleFreeAdamw", "beta2", rule.beta2, belowOne);
  requireHyperparameter("scheduleFreeAdamw", "eps", rule.eps, positive);
  requireScheduleFree("scheduleFreeAdamw", rule);
  return skipOverflow<ScheduleFreeAdamwState>(
    {
      name: "scheduleFreeAdamw",
      init: (theta) => ({
        ...initScheduleFree("scheduleFreeAdamw", theta),
        secondMoment: zeros(theta),
        secondWeight: tree.scalar(0, tree.floatType(theta)),
      }),
      update(gradient, state, theta) {
        const [kept, eps] = [atStep(rule.beta2, state.step), atStep(rule.eps, state.step)];
        const secondMoment = mapFloats(
          (s, g) => s.mul(kept(s)).add(g!.mul(g!).mul(oneMinus(kept(s)))),
          state.secondMoment,
          gradient,
        );
        const weight = state.secondWeight;
        const secondWeight = weight.mul(kept(weight)).add(oneMinus(kept(weight)));
        const direction = mapFloats(
          (g, s) => g.div(root(unbiased(s!, secondWeight)).add(eps(g))),
          gradient,
          secondMoment,
        );
        const next = scheduleFreeStep(rule, theta, direction, state);
        return { theta: next.theta, state: { ...next.state, secondMoment, secondWeight } };
      },
      evaluationTheta: scheduleFreeAverage,
      moveTo: scheduleFreeMoveTo,
    },
    { options: rule },
  );
}
