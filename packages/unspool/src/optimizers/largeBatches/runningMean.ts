/** A running mean of numbers without bias towards its start at 0. */
import { OptionError } from "../../errors.ts";

/** Plain data. */
export type RunningMean = {
  sum: number;
  /** Of the values in `sum`. */
  weight: number;
};

/** The mean with one more value. `kept` 0 forgets all others. */
export function follow(
  { sum, weight }: RunningMean,
  value: number,
  kept: number,
): { mean: number; running: RunningMean } {
  const running = { sum: kept * sum + (1 - kept) * value, weight: kept * weight + (1 - kept) };
  return { mean: running.sum / running.weight, running };
}

export function requireKept(where: string, kept: number): void {
  if (!(kept >= 0 && kept < 1)) {
    throw new OptionError(where, "kept", kept, "a number of at least 0 and below 1");
  }
}
