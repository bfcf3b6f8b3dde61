/** The test of Metropolis and Hastings, in logarithms: an enormous ratio is accepted, not an overflow. */
import { type Key, type Tensor, np, random } from "../../../array/index.ts";
import { type AnnealedPath, type AnnealedPoints, selectPoints } from "./annealedPoints.ts";

export interface Proposal {
  path: AnnealedPath;
  /** Where the chains are. */
  from: AnnealedPoints;
  /** Where they would go. */
  to: AnnealedPoints;
  /** log of the acceptance ratio, [n]. */
  logRatio: Tensor;
  key: Key;
}

/**
 * Accepts where log ratio > -E with E exponential. A ratio that is not a number, and a point that is not valid, is
 * rejected. `probability` is min(1, ratio) of each chain, [n].
 */
export function accepted({ path, from, to, logRatio, key }: Proposal): {
  points: AnnealedPoints;
  probability: Tensor;
} {
  const isPossible = np.logicalAnd(np.logicalNot(np.isnan(logRatio)), path.isValid(to)) as Tensor;
  const patience = random.exponential(key, [logRatio.shape[0]!]).astype(logRatio.dtype);
  const isAccepted = np.logicalAnd(isPossible, logRatio.greater(patience.neg())) as Tensor;
  const probability = np.exp(np.minimum(logRatio, 0)) as Tensor;
  return {
    points: selectPoints(isAccepted, to, from),
    probability: np.where(isPossible, probability, np.zerosLike(probability)) as Tensor,
  };
}
