/**
 * log sum_k exp(w_k) over the last axis, for log-weights: rows of -Infinity alone give -Infinity, and nothing of it is NaN,
 * neither value nor derivative (`nn.logsumexp` subtracts the largest, which is then infinite).
 */
import { type Tensor, lax, np } from "../../array/index.ts";

/** [..., K] -> [...]. */
export function logSumExp(logWeights: Tensor): Tensor {
  const { shift, weights } = shiftedWeights(logWeights);
  const sum = weights.sum(-1);
  const isPositive = sum.greater(0);
  // The logarithm of 0 is kept out of both branches, for the derivative.
  const log = np.log(np.where(isPositive, sum, 1) as Tensor) as Tensor;
  return np.where(isPositive, log.add(shift.reshape([...sum.shape])), -Infinity) as Tensor;
}

/** exp(w - shift), shift [..., 1] being the largest of each row, or 0 where that is infinite; no derivative by shift. */
export function shiftedWeights(logWeights: Tensor): { shift: Tensor; weights: Tensor } {
  const largest = lax.stopGradient(logWeights.max(-1, { keepdims: true })) as Tensor;
  const shift = np.where(largest.equal(-Infinity), 0, largest) as Tensor;
  return { shift, weights: np.exp(logWeights.sub(shift)) as Tensor };
}

/** log softmax over the last axis; -Infinity everywhere in a row of -Infinity alone. */
export function logNormalised(logWeights: Tensor): Tensor {
  const total = logSumExp(logWeights).reshape([...logWeights.shape.slice(0, -1), 1]);
  return logWeights.sub(np.where(total.equal(-Infinity), 0, total) as Tensor);
}
