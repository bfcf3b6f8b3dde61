/**
 * Parzen windows of one number, as tree-structured Parzen estimators have them: a normal distribution around each observation,
 * cut off at the bounds, and one as wide as the range in its middle (Bergstra et al. 2011, section 4; widths, weights and
 * categories as in optuna 5.0).
 *
 *     p(x) = sum over i of w_i N(x; mu_i, sigma_i², on [low, high]),    sigma_i the larger distance to a neighbour
 */
import type { RandomStream } from "../array/index.ts";
import { normalDensity, normalProbability, normalQuantile } from "./normalDistribution.ts";

export interface ParzenEstimator {
  sample(stream: RandomStream): number;
  logDensity(x: number): number;
}

/** As many of the latest observations count in full, older ones less the older they are. */
const fullWeights = 25;

/** Of n observations from the oldest on, and last the prior's. */
function weightsOf(n: number): Float64Array {
  const ramp = n - fullWeights;
  const weights = Float64Array.from({ length: n + 1 }, (_, i) => {
    if (n < fullWeights || i >= ramp) return 1;
    return ramp === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * i) / (ramp - 1);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The place that is drawn by weights that sum to 1. */
function drawn(weights: ArrayLike<number>, stream: RandomStream): number {
  let left = stream.uniform();
  for (let i = 0; i < weights.length - 1; i++) {
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return weights.length - 1;
}

/** Of observations from the oldest on, in [low, high]. */
export function parzenNumbers(observations: readonly number[], low: number, high: number): ParzenEstimator {
  const n = observations.length;
  const weights = weightsOf(n);
  const means = [...observations, (low + high) / 2];
  const widths = [...widthsOf(observations, low, high), high - low];
  const windows = means.map((mean, i) => {
    const width = widths[i]!;
    const below = normalProbability((low - mean) / width);
    return { mean, width, below, mass: normalProbability((high - mean) / width) - below };
  });
  return {
    sample(stream) {
      const { mean, width, below, mass } = windows[drawn(weights, stream)]!;
      const x = mean + width * normalQuantile(below + mass * stream.uniform());
      // A probability that rounds to 0 or 1 has no quantile.
      return Math.min(high, Math.max(low, x));
    },
    logDensity: (x) =>
      Math.log(
        windows.reduce(
          (sum, { mean, width, mass }, i) =>
            sum + (weights[i]! * normalDensity((x - mean) / width)) / (width * mass),
          0,
        ),
      ),
  };
}

/** The distance to the farther neighbour, of the outermost to the only one, within what is neither a needle nor flat. */
function widthsOf(observations: readonly number[], low: number, high: number): number[] {
  const n = observations.length;
  const order = [...observations.keys()].toSorted((i, j) => observations[i]! - observations[j]! || i - j);
  const sorted = [low, ...order.map((i) => observations[i]!), high];
  const least = (high - low) / Math.min(100, 2 + n);
  const widths = Array<number>(n);
  order.forEach((i, at) => {
    const [before, after] = [sorted[at + 1]! - sorted[at]!, sorted[at + 2]! - sorted[at + 1]!];
    const isAlone = n < 2;
    const width = isAlone
      ? Math.max(before, after)
      : at === 0
        ? after
        : at === n - 1
          ? before
          : Math.max(before, after);
    widths[i] = Math.min(high - low, Math.max(least, width));
  });
  return widths;
}

/** Of observations from the oldest on, each one of `count` categories: a window has most of its mass on its own. */
export function parzenCategories(observations: readonly number[], count: number): ParzenEstimator {
  const n = observations.length;
  const weights = weightsOf(n);
  const prior = 1 / (n + 1);
  const probabilities = Float64Array.from({ length: count }, (_, category) =>
    weights.reduce((sum, weight, i) => {
      if (i === n) return sum + weight / count;
      return sum + (weight * (prior + (observations[i] === category ? 1 : 0))) / (1 + count * prior);
    }, 0),
  );
  return {
    sample: (stream) => drawn(probabilities, stream),
    logDensity: (x) => Math.log(probabilities[x]!),
  };
}
