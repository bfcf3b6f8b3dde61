/**
 * A weighted sum of the last gradients (a filter with a finite impulse response): the most general linear optimizer
 * with a short memory. Maheswaranathan et al., NeurIPS 2021.
 *
 *     p ← p - Σ_k w_k g_{t-k},   k = 0 … K - 1
 */
import { type Tensor, np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type ComponentwiseOptimizer, componentwise } from "./componentwise.ts";

export interface LinearHistoryOptions {
  /** Gradients that are remembered, K. Default 10. */
  length?: number;
}

export type LinearHistoryMeta = {
  /** w, [K]; that of the latest gradient first. */
  weights: Tensor;
};

export const linearHistoryDefaults: Required<LinearHistoryOptions> = { length: 10 };

/** The weights start at 0. Cost: K numbers of state per parameter. */
export function linearHistory(options: LinearHistoryOptions = {}): ComponentwiseOptimizer<LinearHistoryMeta> {
  const { length } = withDefaults("linearHistory", options, linearHistoryDefaults);
  requireInteger("linearHistory", "length", length, 1);
  return componentwise<LinearHistoryMeta>({
    name: "linearHistory",
    size: length,
    init: () => ({ weights: np.zeros([length]) }),
    start: ({ weights }) => np.zerosLike(weights),
    next: (_meta, gradients, states) =>
      np.concatenate([gradients.reshape([-1, 1]), states.slice([], [0, length - 1])], 1),
    readout: ({ weights }, states) => np.matmul(states, weights).neg(),
  });
}
