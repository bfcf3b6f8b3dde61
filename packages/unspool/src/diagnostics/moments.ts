/** Mean and variance of samples of a vector, in one stable pass (Welford 1962), float64. */

export interface Moments {
  readonly count: number;
  /** Per coordinate. */
  readonly mean: Float64Array;
  /** Unbiased, per coordinate; NaN for fewer than two samples. */
  variance(): Float64Array;
  /** Standard error of the mean, per coordinate; NaN for fewer than two samples. */
  standardError(): Float64Array;
  add(sample: ArrayLike<number>): void;
}

/** An empty accumulator for vectors of `length` numbers. */
export function moments(length: number): Moments {
  const mean = new Float64Array(length);
  const squares = new Float64Array(length);
  let count = 0;
  const variance = (): Float64Array => squares.map((sum) => (count < 2 ? Number.NaN : sum / (count - 1)));
  return {
    get count() {
      return count;
    },
    mean,
    variance,
    standardError: () => variance().map((value) => Math.sqrt(value / count)),
    add(sample) {
      count += 1;
      for (let i = 0; i < length; i++) {
        const delta = sample[i]! - mean[i]!;
        mean[i]! += delta / count;
        squares[i]! += delta * (sample[i]! - mean[i]!);
      }
    },
  };
}
