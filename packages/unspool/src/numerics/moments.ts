/** Mean and variance of samples of a vector, in one stable pass (Welford 1962), float64. */

export interface Moments {
  readonly count: number;
  /** Per coordinate. */
  readonly mean: Float64Array;
  /** Unbiased, per coordinate; NaN for fewer than two samples. */
  variance(): Float64Array;
  /** Standard error of the mean, per coordinate; NaN for fewer than two samples. */
  standardError(): Float64Array;
  /** Of the variance summed over coordinates. */
  spread(): VarianceSpread;
  add(sample: ArrayLike<number>): void;
}

/** How well a summed variance is known, and whether one sample makes most of it. */
export interface VarianceSpread {
  /** Standard error of the sum of `variance()`; NaN for fewer than three samples. */
  standardError: number;
  /** Largest share of one sample in the squared deviations; 0 where nothing varies. */
  largestShare: number;
}

/** An empty accumulator for vectors of `length` numbers. */
export function moments(length: number): Moments {
  const mean = new Float64Array(length);
  const squares = new Float64Array(length);
  let count = 0;
  // (i - 1) / i |x_i - mean of those before|² for i = 2, 3, …: their mean is the summed variance, each of them estimates
  // it without bias, and for normal samples they are independent (Helmert).
  let [residuals, residualSquares, largest] = [0, 0, 0];
  const variance = (): Float64Array => squares.map((sum) => (count < 2 ? Number.NaN : sum / (count - 1)));
  return {
    get count() {
      return count;
    },
    mean,
    variance,
    standardError: () => variance().map((value) => Math.sqrt(value / count)),
    spread() {
      const terms = count - 1;
      const deviation = residualSquares / terms - (residuals / terms) ** 2;
      return {
        standardError: terms < 2 ? Number.NaN : Math.sqrt(Math.max(0, deviation) / (terms - 1)),
        largestShare: residuals > 0 ? largest / residuals : 0,
      };
    },
    add(sample) {
      count += 1;
      let residual = 0;
      for (let i = 0; i < length; i++) {
        const delta = sample[i]! - mean[i]!;
        mean[i]! += delta / count;
        const square = delta * (sample[i]! - mean[i]!);
        squares[i]! += square;
        residual += square;
      }
      residuals += residual;
      residualSquares += residual * residual;
      largest = Math.max(largest, residual);
    },
  };
}
