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
      // Outside of its piece a schedule is asked at the nearest end of it, and not where it has no value: 1 / √t of a
      // negative t has no derivative either, not even times 0.
      const from = int(starts[i]!);
      const last = starts[i + 1];
      const held = last === undefined ? step : np.minimum(step, int(last - 1));
      const own = np.maximum(held, from).sub(from);
      const piece = asType(schedule(own, dtype), dtype);
      return value === undefined ? piece : np.where(hasReached(step, starts[i]!), piece, value);
    }, undefined)!;
}

const int = (value: number): Tensor => tree.scalar(value, "int32");
