/** Spread of samples of a vector whose tails may be heavy: total variance with its jackknife error, median and largest. */
import { median } from "./median.ts";
import { moments } from "./moments.ts";
import { vectorNorm } from "./vectorNorm.ts";

export interface SampleStatistics {
  /** [size]: the estimate that the samples average to. */
  mean: Float64Array;
  /** Unbiased, per coordinate. */
  variance: Float64Array;
  /** Trace of the sample covariance. */
  totalVariance: number;
  /** Its jackknife standard error; of heavy tails it says too little. */
  standardError: number;
  /** Largest share of one sample in the sum of squared distances from the mean; see `isHeavyTailed`. */
  largestShare: number;
  /** Of the norms of the samples. */
  medianNorm: number;
  largestNorm: number;
}

/** Statistics of `count` samples [count, size], at least 2. Samples that are not finite make the spread infinite. */
export function sampleStatistics(samples: Float64Array, count: number): SampleStatistics {
  const size = samples.length / count;
  const rows = Array.from({ length: count }, (_, i) => samples.subarray(i * size, (i + 1) * size));
  const sums = moments(size);
  for (const row of rows) sums.add(row);
  const norms = rows.map((row) => finiteOrInfinity(vectorNorm(row)));
  const variance = sums.variance().map(finiteOrInfinity);
  const totalVariance = variance.reduce((sum, value) => sum + value, 0);
  // Without sample i the sum of squares is SS - n/(n-1) d_i with d_i its squared distance from the mean.
  const distances = rows.map((row) => row.reduce((sum, x, j) => sum + (x - sums.mean[j]!) ** 2, 0));
  const meanDistance = distances.reduce((sum, d) => sum + d, 0) / count;
  const spread = distances.reduce((sum, d) => sum + (d - meanDistance) ** 2, 0);
  const perSample = count / ((count - 1) * Math.max(count - 2, 1));
  return {
    mean: sums.mean,
    variance,
    totalVariance,
    standardError: finiteOrInfinity(perSample * Math.sqrt(((count - 1) / count) * spread)),
    largestShare: largestShareOf(distances),
    medianNorm: median(norms),
    largestNorm: norms.reduce((most, norm) => Math.max(most, norm), 0),
  };
}

/** 1 where one is not finite; 0 where all are 0. */
function largestShareOf(squares: readonly number[]): number {
  const total = squares.reduce((sum, square) => sum + square, 0);
  if (total === 0) return 0;
  return Number.isFinite(total) ? Math.max(...squares) / total : 1;
}

const finiteOrInfinity = (value: number): number => (Number.isFinite(value) ? value : Infinity);
