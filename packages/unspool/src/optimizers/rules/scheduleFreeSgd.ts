/**
 * Schedule-free SGD (Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky, NeurIPS 2024): gradient descent that needs no
 * schedule, since what is evaluated is a mean of its iterates. The mean and its options: `scheduleFree.ts`.
 *
 *     z ← z - learningRate · (g(y) + weightDecay · y)
 *     c = t^timePower · R^ratePower / Σ (the same), with R the largest learning rate so far
 *     x ← x + c · (z - x);   y = z + beta1 · (x - z);   theta is y, and x is evaluated
 */
import { positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type ScheduleFreeOptions, type ScheduleFreeState, initScheduleFree } from "./scheduleFree.ts";
import { requireScheduleFree, scheduleFreeAverage, scheduleFreeDefaults } from "./scheduleFree.ts";
import { scheduleFreeMoveTo, scheduleFreeStep } from "./scheduleFree.ts";

export interface ScheduleFreeSgdOptions extends ScheduleFreeOptions {
  /** Larger than that of SGD; with a warm-up, but without decay. Default 1. */
  learningRate?: Hyperparameter;
}

export const scheduleFreeSgdDefaults: Required<ScheduleFreeSgdOptions> = {
  learningRate: 1,
  ...scheduleFreeDefaults,
};

/**
 * SGD without a schedule. Evaluate `evaluationTheta`; statistics of batch normalisation must be taken anew there.
 * Cost: three passes, two copies of theta.
 *
 * @example
 * const optimizer = scheduleFreeSgd({ learningRate: warmup({ of: 1, steps: 100 }) });
 */
export function scheduleFreeSgd(options: ScheduleFreeSgdOptions = {}): Optimizer<ScheduleFreeState> {
  const rule = withDefaults("scheduleFreeSgd", options, scheduleFreeSgdDefaults);
  requireHyperparameter("scheduleFreeSgd", "learningRate", rule.learningRate, positive);
  requireScheduleFree("scheduleFreeSgd", rule);
  return {
    name: "scheduleFreeSgd",
    init: (theta) => initScheduleFree("scheduleFreeSgd", theta),
    update(gradient, state, theta) {
      requireGradient("scheduleFreeSgd", theta, gradient, state);
      return scheduleFreeStep(rule, theta, gradient, state);
    },
    evaluationTheta: scheduleFreeAverage,
    moveTo: scheduleFreeMoveTo,
  };
}
