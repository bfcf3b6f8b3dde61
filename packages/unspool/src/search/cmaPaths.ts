/**
 * What all covariance matrix adaptations have in common: the new mean, the two evolution paths and the step size
 * (Hansen 2016, equations 41 to 46).
 */
import type { CmaConstants } from "./cmaWeights.ts";

export interface CmaPoint {
  /** Generations told of, before this one. */
  generation: number;
  mean: Float64Array;
  sigma: number;
  /** Evolution path of the step size, p_sigma, isotropic. */
  sigmaPath: Float64Array;
  /** Evolution path of C, p_c. */
  path: Float64Array;
}

export interface CmaMove extends CmaPoint {
  /** The weight of the decay of C for the rank-one update: less where p_c was stalled. */
  decayOne: number;
}

/** The weighted mean of the best candidates, in the order of `order`; rows of `candidates`, [n · d]. */
export function weightedMean(
  candidates: Float64Array,
  order: readonly number[],
  weights: Float64Array,
  parents: number,
  size: number,
): Float64Array {
  const mean = new Float64Array(size);
  for (let rank = 0; rank < parents; rank++) {
    const from = order[rank]! * size;
    const weight = weights[rank]!;
    for (let j = 0; j < size; j++) mean[j]! += weight * candidates[from + j]!;
  }
  return mean;
}

/**
 * Moves to `mean`. `whitened` applies C^{-1/2} to a vector. sigma is that of the next generation: C has to be adapted with
 * the one before.
 */
export function cmaMove(
  constants: CmaConstants,
  before: CmaPoint,
  mean: Float64Array,
  whitened: (x: Float64Array) => Float64Array,
): CmaMove {
  const { cSigma, cPath, cOne, selectionMass, damping, expectedLength } = constants;
  const size = mean.length;
  const generation = before.generation + 1;
  const shift = mean.map((x, j) => x - before.mean[j]!);
  const pull = Math.sqrt(selectionMass) / before.sigma;
  const white = whitened(shift);
  const sigmaPath = before.sigmaPath.map(
    (p, j) => (1 - cSigma) * p + Math.sqrt(cSigma * (2 - cSigma)) * white[j]! * pull,
  );
  const square = sigmaPath.reduce((total, p) => total + p * p, 0);
  const settled = square / (1 - (1 - cSigma) ** (2 * generation)) / size;
  const isMoving = settled - 1 < 1 + 4 / (size + 1);
  const pullPath = isMoving ? Math.sqrt(cPath * (2 - cPath)) * pull : 0;
  const path = before.path.map((p, j) => (1 - cPath) * p + pullPath * shift[j]!);
  const change = ((Math.sqrt(square) / expectedLength - 1) * cSigma) / damping;
  return {
    generation,
    mean,
    sigma: before.sigma * Math.exp(Math.min(1, change)),
    sigmaPath,
    path,
    decayOne: isMoving ? cOne : cOne * (1 - cPath * (2 - cPath)),
  };
}

/**
 * The step size, not below what still changes the mean: a search that has converged goes on without its numbers running
 * out. `spread` is the largest standard deviation of the distribution at sigma 1.
 */
export function keptSigma(sigma: number, spread: number, mean: Float64Array): number {
  const largest = mean.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return Math.max(sigma, (Number.EPSILON * largest) / spread, 1e-150 / spread);
}
