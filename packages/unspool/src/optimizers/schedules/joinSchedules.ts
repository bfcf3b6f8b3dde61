/** Schedules one after another: each counts from its own first step. */
import { type Tensor, np, tree } from "../../array/index.ts";
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
  const starts = [0, ...boundaries];
  return (step, dtype = "float32") =>
    [first, ...rest].reduce<Tensor | undefined>((value, schedule, i) => {
      // Outside of its piece a schedule is asked inside of it, and not where it may have no value: the derivative of √t
      // of a negative t is NaN, and NaN times the 0 of `where` too. Not at its first step either, where √t has none.
      const [start, last] = [starts[i]!, starts[i + 1] === undefined ? undefined : starts[i + 1]! - 1];
      const inside = last === undefined ? start + 1 : Math.max(start, Math.min(start + 1, last));
      const isPast = last === undefined ? undefined : step.greater(int(last));
      const from = np.where(hasReached(step, start), step, int(inside)) as Tensor;
      const held = isPast === undefined ? from : (np.where(isPast, int(inside), from) as Tensor);
      const own = held.sub(int(start));
      const piece = asType(schedule(own, dtype), dtype);
      return value === undefined ? piece : np.where(hasReached(step, starts[i]!), piece, value);
    }, undefined)!;
}

const int = (value: number): Tensor => tree.scalar(value, "int32");
