/**
 * A weighted sum of the last gradients and of the last changes of the parameters (a filter with an infinite impulse
 * response): momentum is its smallest member, with K = 1 of each. Maheswaranathan et al., NeurIPS 2021.
 *
 *     Δ_t = -Σ_k w_k g_{t-k} + Σ_j u_j Δ_{t-j},   k = 0 … K - 1,  j = 1 … J;   p ← p + Δ_t
 *
 * Heavy ball: w_0 = α, u_1 = β.
 */
import { type Tensor, np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type ComponentwiseOptimizer, componentwise } from "./componentwise.ts";

export interface LinearDifferencesOptions {
  /** Gradients that are remembered, K. Default 10. */
  length?: number;
  /** Changes that are remembered, J. Default 9: between as many parameters as gradients. */
  changes?: number;
}

export type LinearDifferencesMeta = {
  /** w, [K]; that of the latest gradient first. */
  weights: Tensor;
  /** u, [J]; that of the latest change first. */
  changeWeights: Tensor;
};

export const linearDifferencesDefaults: Required<LinearDifferencesOptions> = { length: 10, changes: 9 };

/** All weights start at 0. Cost: K + J numbers of state per parameter. */
export function linearDifferences(
  options: LinearDifferencesOptions = {},
): ComponentwiseOptimizer<LinearDifferencesMeta> {
  const { length, changes } = withDefaults("linearDifferences", options, linearDifferencesDefaults);
  requireInteger("linearDifferences", "length", length, 1);
  requireInteger("linearDifferences", "changes", changes, 1);
  return componentwise<LinearDifferencesMeta>({
    name: "linearDifferences",
    size: length + changes,
    init: () => ({ weights: np.zeros([length]), changeWeights: np.zeros([changes]) }),
    start: ({ weights, changeWeights }) => np.zerosLike(np.concatenate([weights, changeWeights])),
    next({ weights, changeWeights }, gradients, states) {
      const seen = np.concatenate([gradients.reshape([-1, 1]), states.slice([], [0, length - 1])], 1);
      const made = states.slice([], [length, length + changes]);
      const change = np.matmul(made, changeWeights).sub(np.matmul(seen, weights)).reshape([-1, 1]);
      return np.concatenate([seen, change, made.slice([], [0, changes - 1])], 1);
    },
    readout: (_meta, states) => states.slice([], length),
  });
}
