/** The mean of a few runs, and where the mean of all such runs lies with 95 % confidence, if they are normal. */
import { studentTQuantile } from "../../numerics/index.ts";

export interface MeanInterval {
  mean: number;
  /** NaN where there is one value only. */
  low: number;
  high: number;
  /** Values that it is of. */
  count: number;
}

/** mean ± t s / sqrt(n): s is the sample's standard deviation, t Student's 97.5 % quantile for n - 1 degrees. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const count = values.length;
  const mean = average(values);
  if (count < 2) return { mean, low: Number.NaN, high: Number.NaN, count };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const half = quantile(count - 1) * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half, count };
}

/** NaN of none. */
export const average = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

/** A curve asks for the same one at each of its points. */
const known = new Map<number, number>();

function quantile(degrees: number): number {
  const found = known.get(degrees) ?? studentTQuantile(0.975, degrees);
  known.set(degrees, found);
  return found;
}
