/** Resampling after one step, where the criterion says so: what is drawn, and what it adds to log Z. */
import { type Key, type Tensor, np } from "../../../array/index.ts";
import { logSumExp } from "../logSumExp.ts";
import type { ResamplingCriterion } from "./criteria.ts";
import type { Resampler } from "./resampler.ts";

/** What happens to the particles after a step. */
export interface ResampledStep {
  /** int32 [K]: 0 … K-1 where nothing is drawn. */
  ancestors: Tensor;
  /** bool scalar. */
  resampled: Tensor;
  /** log mean exp w where it has resampled, 0 elsewhere. */
  logIncrement: Tensor;
  /** The log-probability of the ancestors, 0 where nothing is drawn or the scheme has none. */
  logAncestor: Tensor;
  /** The log-weights to go on with: 0 after resampling. */
  logWeights: Tensor;
  /** A tree of [K, …] in the order of the ancestors. */
  move(leaf: Tensor): Tensor;
}

/** `isAllowed` (bool scalar) is false in the last step and beyond it. */
export function resampleStep(
  { criterion, resampler }: { criterion: ResamplingCriterion; resampler: Resampler },
  { logWeights, t, isAllowed, key }: { logWeights: Tensor; t: Tensor; isAllowed: Tensor; key: Key },
): ResampledStep {
  const particles = logWeights.shape[0]!;
  const decided = criterion(logWeights, t);
  const identity = np.arange(particles).astype("int32");
  const zero = np.zeros([], { dtype: logWeights.dtype });
  if (decided === false) {
    const resampled = np.zeros([], { dtype: "bool" });
    const kept = { ancestors: identity, resampled, logIncrement: zero, logAncestor: zero, logWeights };
    return { ...kept, move: (leaf) => leaf };
  }
  const resampled = decided === true ? isAllowed : (np.logicalAnd(isAllowed, decided) as Tensor);
  const drawn = resampler.ancestors(key, logWeights);
  const ancestors = np.where(resampled, drawn, identity) as Tensor;
  const logProbability = resampler.logProbability?.(logWeights, drawn);
  const where = (x: Tensor): Tensor => np.where(resampled, x, zero) as Tensor;
  return {
    ancestors,
    resampled,
    logIncrement: where(logSumExp(logWeights).sub(Math.log(particles))),
    logAncestor: logProbability === undefined ? zero : where(logProbability),
    logWeights: np.where(resampled, zero, logWeights) as Tensor,
    move: (leaf) => np.take(leaf, ancestors, 0) as Tensor,
  };
}
