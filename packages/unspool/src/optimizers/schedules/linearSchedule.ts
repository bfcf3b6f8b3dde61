/**
 * A straight line.
 *
 *     from + (to - from) · min(1, max(0, (step - delay) / steps))
 */
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, between, progress, requireValue } from "./progress.ts";

export interface LinearScheduleOptions {
  /** Default 0.01. */
  from?: ScheduleValue;
  /** Default 0. */
  to?: ScheduleValue;
  /** Steps from one to the other. Default 1000. */
  steps?: number;
  /** Steps before the line begins. Default 0. */
  delay?: number;
}

export const linearScheduleDefaults: Required<LinearScheduleOptions> = {
  from: 0.01,
  to: 0,
  steps: 1000,
  delay: 0,
};

/** From one value to another in equal steps; both ends may be learned. */
export function linearSchedule(options: LinearScheduleOptions = {}): Schedule {
  const { from, to, steps, delay } = withDefaults("linearSchedule", options, linearScheduleDefaults);
  requireValue("linearSchedule", "from", from);
  requireValue("linearSchedule", "to", to);
  requireInteger("linearSchedule", "steps", steps, 1);
  requireInteger("linearSchedule", "delay", delay, 0);
  return (step, dtype = "float32") => between(from, to, progress(step, steps, dtype, delay), dtype);
}
