/** Oja's rule for several components at once (Oja 1982): Vᵀ ← qf(Vᵀ + η M Vᵀ), M = XᵀX of a batch of columns X. */
import { requireKnownOptions } from "../../errors.ts";
import {
  type StreamingOptions,
  type StreamingRule,
  orthonormalRows,
  rateOf,
  requireComponents,
  timesProducts,
} from "./streamingRule.ts";

/**
 * Power iteration with a step size on batches of columns, the usual baseline for streaming principal subspaces.
 *
 * Cost: 2 n k S products, and 2 k² S for orthonormal rows.
 */
export function oja(options: StreamingOptions = {}): StreamingRule<Record<string, never>> {
  requireKnownOptions("oja", options, ["learningRate"]);
  const learningRate = rateOf("oja", options);
  return {
    name: "oja",
    options: { learningRate },
    init(components) {
      requireComponents("oja", components);
      return {};
    },
    update: (v, columns, state) => ({
      components: orthonormalRows(v.add(timesProducts(v, columns).mul(learningRate))),
      state,
    }),
  };
}
