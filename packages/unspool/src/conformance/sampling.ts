/** Independent repetitions of a short run of an estimator, and what to conclude from them. */
import { random, tree } from "../array/index.ts";
import type { GradientEstimator } from "../estimators/index.ts";
import { require } from "./check.ts";

/** `gradients[replicate][window]` [P] and `losses[replicate][window]`. */
export interface Sample {
  gradients: number[][][];
  losses: number[][];
}

export interface SampleOptions {
  replicates: number;
  /** Estimates kept of each replicate. */
  windows: number;
  /** Estimates made before them. Default 0. */
  burnIn?: number;
  seed: number;
}

/** Replicates with independent keys at fixed theta; three of them if they do not differ. */
export function sample<Theta>(
  estimator: GradientEstimator<Theta>,
  theta: Theta,
  { replicates, windows, burnIn = 0, seed }: SampleOptions,
): Sample {
  const all: Sample = { gradients: [], losses: [] };
  const first = (): string => JSON.stringify([all.gradients[0], all.losses[0]]);
  for (let replicate = 0; replicate < replicates; replicate++) {
    const key = random.foldIn(random.key(seed), replicate);
    let state = estimator.init(theta, random.foldIn(key, "init"));
    const [gradients, losses]: [number[][], number[]] = [[], []];
    for (let i = 0; i < burnIn + windows; i++) {
      const estimate = estimator.estimate(theta, state, random.foldIn(key, i));
      state = estimate.state;
      if (i < burnIn) continue;
      gradients.push([...tree.flatten(estimate.gradient)]);
      losses.push(estimate.loss);
    }
    all.gradients.push(gradients);
    all.losses.push(losses);
    const isConstant =
      replicate === 2 && [1, 2].every((r) => JSON.stringify([all.gradients[r], all.losses[r]]) === first());
    if (isConstant) break;
  }
  return all;
}

export interface Moments {
  mean: number;
  /** Standard error of the mean. */
  error: number;
}

export function moments(values: readonly number[]): Moments {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/**
 * Throws unless the mean of each column of `rows` is `exact` within `limit` standard errors (and `relative` of the
 * largest exact number, for rounding).
 */
export function requireMeans(
  where: string,
  what: string,
  rows: readonly (readonly number[])[],
  exact: readonly number[],
  { limit, relative }: { limit: number; relative: number },
): void {
  const rounding = relative * Math.max(...exact.map(Math.abs), 1e-3);
  exact.forEach((wanted, i) => {
    const { mean, error } = moments(rows.map((row) => row[i]!));
    const z = Math.abs(mean - wanted) / error;
    require(Math.abs(mean - wanted) <= limit * error + rounding, where, () =>
      `the mean of ${what}${exact.length > 1 ? `[${i}]` : ""} is ${mean.toPrecision(6)} with standard error ` +
      `${error.toExponential(1)} (${rows.length} replicates), expected ${wanted.toPrecision(6)}: z = ${z.toPrecision(3)}, ` +
      `allowed ${limit}.`, { mean, error, expected: wanted, z });
  });
}

/** Throws unless the total variance of `rows` is `exact` within `limit` standard errors of a normal sample. */
export function requireVariance(
  where: string,
  rows: readonly (readonly number[])[],
  exact: number,
  limit: number,
): void {
  const columns = rows[0]!.map((_, i) => moments(rows.map((row) => row[i]!)));
  const variance = columns.reduce((sum, { error }) => sum + error ** 2 * rows.length, 0);
  const rounding = columns.reduce((sum, { mean }) => sum + (1e-9 * mean) ** 2, 0);
  // Var(s²) = 2 v² / (n - 1) for one coordinate; for several of them an upper bound.
  const error = exact * Math.sqrt(2 / (rows.length - 1));
  require(Math.abs(variance - exact) <= limit * error + rounding, where, () =>
    `the variance of the summed windows is ${variance.toPrecision(4)} (${rows.length} replicates), expected ` +
    `${exact.toPrecision(4)} ± ${error.toPrecision(2)}: z = ${((variance - exact) / error).toPrecision(3)}, allowed ${limit}.`, {
    variance,
    expected: exact,
  });
}
