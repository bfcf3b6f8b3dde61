/**
 * Ancestors by inversion of the cumulative weights: place i takes the first particle whose cumulative weight is above u_i,
 * which is the number of those that are not. Counting compares all with all: K^2 comparisons, without a branch or a sort.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { shiftedWeights } from "../logSumExp.ts";

/** int32 [N] for log-weights [K] and points u [N] in [0, 1). Weights that are all 0 give particle 0. */
export function ancestorsAt(logWeights: Tensor, points: Tensor): Tensor {
  const cumulative = np.cumsum(shiftedWeights(logWeights).weights) as Tensor;
  const total = cumulative.slice([-1]);
  const reached = points.astype(logWeights.dtype).mul(total).reshape([-1, 1]);
  // Not beyond the last particle that has a weight, wherever rounding has put u times the total.
  const isPassed = np.logicalAnd(cumulative.lessEqual(reached), cumulative.less(total)) as Tensor;
  return isPassed.astype("int32").sum(1);
}
