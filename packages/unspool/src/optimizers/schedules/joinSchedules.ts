/** Schedules one after another: each counts from its own first step. */
import { np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { asType, withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { hasReached, requireBoundaries } from "./progress.ts";

export interface JoinSchedulesOptions {
  schedules: readonly Schedule[];
  /** First steps of the second and further schedules, increasing. Default []. */
  boundaries?: readonly number[];
}

/** `schedules[i]` from step `boundaries[i - 1]` on, with the steps since then. */
export function joinSchedules(options: JoinSchedulesOptions): Schedule {
  const { schedules, boundaries } = withDefaults("joinSchedules", options, { schedules: [], boundaries: [] });
  const [first, ...rest] = schedules;
  if (first === undefined || !schedules.every((schedule) => typeof schedule === "function")) {
    throw new OptionError("joinSchedules", "schedules", schedules, "an array of at least one schedule");
  }
  requireBoundaries("joinSchedules", boundaries, schedules.length);
  return (step, dtype = "float32") =>
    rest.reduce(
      (value, schedule, i) => {
        const boundary = boundaries[i]!;
        const later = asType(schedule(step.sub(tree.scalar(boundary, "int32")), dtype), dtype);
        return np.where(hasReached(step, boundary), later, value);
      },
      asType(first(step, dtype), dtype),
    );
}
