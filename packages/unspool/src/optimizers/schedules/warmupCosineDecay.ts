/**
 * A line up to `peak`, then half a cosine down to `to`: the usual schedule of transformers. Warm-up: (Goyal et al.,
 * arXiv 2017); half a cosine: (Loshchilov & Hutter, ICLR 2017).
 *
 *     from + (peak - from) · step / warmupSteps                         before warmupSteps
 *     to + (peak - to) · (1 + cos(π · min(1, (step - warmupSteps) / (steps - warmupSteps)))) / 2   after
 */
import { OptionError, requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { cosineDecay } from "./cosineDecay.ts";
import { joinSchedules } from "./joinSchedules.ts";
import { linearSchedule } from "./linearSchedule.ts";
import { type ScheduleValue, requireValue } from "./progress.ts";

export interface WarmupCosineDecayOptions {
  /** Default 0. */
  from?: ScheduleValue;
  /** Highest value, at the end of the warm-up. Default 0.01. */
  peak?: ScheduleValue;
  /** Default 0. */
  to?: ScheduleValue;
  /** Steps from `from` to `peak`. Default 100. */
  warmupSteps?: number;
  /** All steps, with those of the warm-up. Default 1000. */
  steps?: number;
}

export const warmupCosineDecayDefaults: Required<WarmupCosineDecayOptions> = {
  from: 0,
  peak: 0.01,
  to: 0,
  warmupSteps: 100,
  steps: 1000,
};

/** Warm-up, then decay. */
export function warmupCosineDecay(options: WarmupCosineDecayOptions = {}): Schedule {
  const rule = withDefaults("warmupCosineDecay", options, warmupCosineDecayDefaults);
  const { from, peak, to, warmupSteps, steps } = rule;
  requireValue("warmupCosineDecay", "from", from);
  requireValue("warmupCosineDecay", "peak", peak);
  requireValue("warmupCosineDecay", "to", to);
  requireInteger("warmupCosineDecay", "warmupSteps", warmupSteps, 1);
  requireInteger("warmupCosineDecay", "steps", steps, 1);
  if (steps <= warmupSteps) {
    throw new OptionError("warmupCosineDecay", "steps", steps, `more than warmupSteps (${warmupSteps})`);
  }
  return joinSchedules({
    schedules: [
      linearSchedule({ from, to: peak, steps: warmupSteps }),
      cosineDecay({ from: peak, to, steps: steps - warmupSteps }),
    ],
    boundaries: [warmupSteps],
  });
}
