/**
 * A schedule that does not change.
 *
 *     value
 */
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, requireValue, valueAs } from "./progress.ts";

export interface ConstantScheduleOptions {
  /** Default 0.01. */
  value?: ScheduleValue;
}

export const constantScheduleDefaults: Required<ConstantScheduleOptions> = { value: 0.01 };

/** The same value at every step. */
export function constantSchedule(options: ConstantScheduleOptions = {}): Schedule {
  const { value } = withDefaults("constantSchedule", options, constantScheduleDefaults);
  requireValue("constantSchedule", "value", value);
  return (_step, dtype = "float32") => valueAs(value, dtype);
}
