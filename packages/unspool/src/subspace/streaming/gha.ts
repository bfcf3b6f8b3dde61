/**
 * The generalised Hebbian algorithm (Sanger 1989), which finds the components themselves and not their span only:
 *
 *     v_i += η (M v_i - Σ_{j ≤ i} (v_iᵀ M v_j) v_j),    then v_i over max(1, |v_i|);    M = XᵀX of a batch of columns X
 */
import { type Tensor, np } from "../../array/index.ts";
import {
  type StreamingOptions,
  type StreamingRule,
  clippedRows,
  statelessRule,
  times,
  timesProducts,
  transposed,
} from "./streamingRule.ts";

/**
 * The generalised Hebbian algorithm, whose components come apart by themselves: principal components in order, without
 * orthonormalisation.
 *
 * Cost: 2 n k S products, and 2 k² S.
 */
export function gha(options: StreamingOptions = {}): StreamingRule<Record<string, never>> {
  return statelessRule("gha", options, (v, columns, learningRate) => {
    const moved = timesProducts(v, columns);
    const lower = np.tril(times(moved, transposed(v))) as Tensor;
    return clippedRows(v.add(moved.sub(times(lower, v)).mul(learningRate)));
  });
}
