/**
 * One cycle (Smith & Topin, arXiv 1708.07120, 2017): up to a large learning rate and down to next to nothing, once
 * in the whole training.
 *
 *     first upSteps = upPart · steps:  from peak / startDivisor to peak
 *     the other steps:                 from peak to peak / startDivisor / endDivisor
 *     linear, or half a cosine
 */
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { cosineDecay } from "./cosineDecay.ts";
import { joinSchedules } from "./joinSchedules.ts";
import { linearSchedule } from "./linearSchedule.ts";
import { type ScheduleValue, requireValue } from "./progress.ts";

export interface OneCycleOptions {
  /** The largest value. Default 0.1. */
  peak?: ScheduleValue;
  /** All steps. Default 1000. */
  steps?: number;
  /** Part of the steps in which the value rises. Default 0.3. */
  upPart?: number;
  /** peak over the value at the start. Default 25. */
  startDivisor?: number;
  /** The value at the start over that at the end. Default 10000. */
  endDivisor?: number;
  /** Shape of both parts: "cosine", or "linear" as in the paper. Default "cosine". */
  shape?: "cosine" | "linear";
}

export const oneCycleDefaults: Required<OneCycleOptions> = {
  peak: 0.1,
  steps: 1000,
  upPart: 0.3,
  startDivisor: 25,
  endDivisor: 10_000,
  shape: "cosine",
};

/** Fast training with large learning rates. The defaults are those of PyTorch and optax. */
export function oneCycle(options: OneCycleOptions = {}): Schedule {
  const rule = withDefaults("oneCycle", options, oneCycleDefaults);
  const { peak, steps, upPart, startDivisor, endDivisor, shape } = rule;
  requireValue("oneCycle", "peak", peak);
  requireInteger("oneCycle", "steps", steps, 2);
  requirePositive("oneCycle", "startDivisor", startDivisor);
  requirePositive("oneCycle", "endDivisor", endDivisor);
  requireOneOf("oneCycle", "shape", shape, ["cosine", "linear"]);
  const upSteps = Math.round(upPart * steps);
  if (!(upSteps >= 1 && upSteps < steps)) {
    throw new OptionError("oneCycle", "upPart", upPart, `such that 1 to ${steps - 1} of ${steps} steps rise`);
  }
  const start = over(peak, startDivisor);
  const part = shape === "cosine" ? cosineDecay : linearSchedule;
  return joinSchedules({
    schedules: [
      part({ from: start, to: peak, steps: upSteps }),
      part({ from: peak, to: over(start, endDivisor), steps: steps - upSteps }),
    ],
    boundaries: [upSteps],
  });
}

function over(value: ScheduleValue, divisor: number): ScheduleValue {
  return typeof value === "number" ? value / divisor : value.div(divisor);
}
