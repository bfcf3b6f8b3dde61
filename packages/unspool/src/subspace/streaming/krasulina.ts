/**
 * Matrix Krasulina (Tang 2019): Oja's step without its part within the span,
 *
 *     Vᵀ ← qf(Vᵀ + η (I - VᵀV) M Vᵀ),    M = XᵀX of a batch of columns X
 */
import {
  type StreamingOptions,
  type StreamingRule,
  orthonormalRows,
  statelessRule,
  times,
  timesProducts,
  transposed,
} from "./streamingRule.ts";

/**
 * Krasulina's rule: steps along what a column has outside of the present span, for principal subspaces whose noise falls
 * with that part.
 *
 * Cost: 2 n k S products, and 4 k² S.
 */
export function krasulina(options: StreamingOptions = {}): StreamingRule<Record<string, never>> {
  return statelessRule("krasulina", options, (v, columns, learningRate) => {
    const moved = timesProducts(v, columns);
    const within = times(times(moved, transposed(v)), v);
    return orthonormalRows(v.add(moved.sub(within).mul(learningRate)));
  });
}
