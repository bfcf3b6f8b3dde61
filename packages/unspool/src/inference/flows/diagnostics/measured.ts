/** A number that was estimated, and its standard error. */
export interface Measured {
  value: number;
  /** Standard error of `value`. */
  error: number;
}

/** The mean of numbers, by sums of differences so that large ones lose nothing. */
export function meanOf(values: readonly number[]): Measured {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, n - 1);
  return { value: mean, error: Math.sqrt(variance / n) };
}
