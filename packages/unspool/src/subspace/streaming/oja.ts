/** Oja's rule for several components at once (Oja 1982): Vᵀ ← qf(Vᵀ + η M Vᵀ), M = XᵀX of a batch of columns X. */
import {
  type StreamingOptions,
  type StreamingRule,
  orthonormalRows,
  statelessRule,
  timesProducts,
} from "./streamingRule.ts";

/**
 * Power iteration with a step size on batches of columns, the usual baseline for streaming principal subspaces.
 *
 * Cost: 2 n k S products, and 2 k² S for orthonormal rows.
 */
export function oja(options: StreamingOptions = {}): StreamingRule<Record<string, never>> {
  return statelessRule("oja", options, (v, columns, learningRate) =>
    orthonormalRows(v.add(timesProducts(v, columns).mul(learningRate))),
  );
}
