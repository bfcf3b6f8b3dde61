/**
 * Exponential decay.
 *
 *     from · rate^(step / steps)
 */
import { np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, ratio, requireValue, valueAs } from "./progress.ts";

export interface ExponentialDecayOptions {
  /** Default 0.01. */
  from?: ScheduleValue;
  /** Factor per `steps` steps, above 0. Default 0.5. */
  rate?: ScheduleValue;
  /** Default 1000. */
  steps?: number;
  /** Only whole powers: the value falls in jumps. Default false. */
  staircase?: boolean;
}

export const exponentialDecayDefaults: Required<ExponentialDecayOptions> = {
  from: 0.01,
  rate: 0.5,
  steps: 1000,
  staircase: false,
};

/** A value that falls by the same factor every `steps` steps. */
export function exponentialDecay(options: ExponentialDecayOptions = {}): Schedule {
  const { from, rate, steps, staircase } = withDefaults(
    "exponentialDecay",
    options,
    exponentialDecayDefaults,
  );
  requireValue("exponentialDecay", "from", from);
  requireValue("exponentialDecay", "rate", rate, (x) => x > 0, "a number above 0 or a tensor");
  requireInteger("exponentialDecay", "steps", steps, 1);
  requireBoolean("exponentialDecay", "staircase", staircase);
  return (step, dtype = "float32") => {
    const part = ratio(step, steps, dtype);
    const exponent = staircase ? np.floor(part) : part;
    // log of a number in float64: its error would be multiplied by the exponent.
    const logRate = typeof rate === "number" ? Math.log(rate) : np.log(valueAs(rate, dtype));
    return valueAs(from, dtype).mul(np.exp(exponent.mul(logRate)));
  };
}
