/**
 * Oja's rule with deflation, in place of an orthonormalisation:
 *
 *     v_i += η (M v_i - Σ_{j < i} (v_iᵀ v_j) v_j),    then v_i over max(1, |v_i|);    M = XᵀX of a batch of columns X
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
 * Oja's rule for one component after the other, each on what those before it leave: principal components in order.
 *
 * Cost: 2 n k S products, and 2 k² S.
 */
export function ojaDeflation(options: StreamingOptions = {}): StreamingRule<Record<string, never>> {
  return statelessRule("ojaDeflation", options, (v, columns, learningRate) => {
    const ahead = np.tril(times(v, transposed(v)), -1) as Tensor;
    const step = timesProducts(v, columns).sub(times(ahead, v));
    return clippedRows(v.add(step.mul(learningRate)));
  });
}
