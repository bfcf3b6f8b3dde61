/**
 * Inverse time decay (Robbins & Monro 1951).
 *
 *     from / (1 + rate · step / steps)
 */
import { np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, ratio, requireValue, valueAs } from "./progress.ts";

export interface InverseTimeDecayOptions {
  /** Default 0.01. */
  from?: ScheduleValue;
  /** At least 0. Default 1: half of `from` after `steps` steps. */
  rate?: ScheduleValue;
  /** Default 1000. */
  steps?: number;
  /** Only whole multiples of `steps`: the value falls in jumps. Default false. */
  staircase?: boolean;
}

export const inverseTimeDecayDefaults: Required<InverseTimeDecayOptions> = {
  from: 0.01,
  rate: 1,
  steps: 1000,
  staircase: false,
};

/** A value that falls like 1 / step. */
export function inverseTimeDecay(options: InverseTimeDecayOptions = {}): Schedule {
  const { from, rate, steps, staircase } = withDefaults(
    "inverseTimeDecay",
    options,
    inverseTimeDecayDefaults,
  );
  requireValue("inverseTimeDecay", "from", from);
  requireValue("inverseTimeDecay", "rate", rate, (x) => x >= 0, "a number of at least 0 or a tensor");
  requireInteger("inverseTimeDecay", "steps", steps, 1);
  requireBoolean("inverseTimeDecay", "staircase", staircase);
  return (step, dtype = "float32") => {
    const part = ratio(step, steps, dtype);
    const time = staircase ? np.floor(part) : part;
    return valueAs(from, dtype).div(time.mul(valueAs(rate, dtype)).add(1));
  };
}
