/**
 * Half a cosine (Loshchilov & Hutter 2017, SGDR, equation 5, without restarts).
 *
 *     to + (from - to) · (1 + cos(π · min(1, step / steps))) / 2
 */
import { np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, between, progress, requireValue } from "./progress.ts";

export interface CosineDecayOptions {
  /** Default 0.01. */
  from?: ScheduleValue;
  /** Default 0. */
  to?: ScheduleValue;
  /** Default 1000. */
  steps?: number;
}

export const cosineDecayDefaults: Required<CosineDecayOptions> = { from: 0.01, to: 0, steps: 1000 };

/** A value that falls slowly, then fast, then slowly. */
export function cosineDecay(options: CosineDecayOptions = {}): Schedule {
  const { from, to, steps } = withDefaults("cosineDecay", options, cosineDecayDefaults);
  requireValue("cosineDecay", "from", from);
  requireValue("cosineDecay", "to", to);
  requireInteger("cosineDecay", "steps", steps, 1);
  return (step, dtype = "float32") => {
    const wave = np.cos(progress(step, steps, dtype).mul(Math.PI));
    return between(to, from, wave.add(1).mul(0.5), dtype);
  };
}
