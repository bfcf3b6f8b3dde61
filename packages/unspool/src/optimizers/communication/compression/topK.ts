/**
 * Top-k sparsification (Aji & Heafield, EMNLP 2017; Stich, Cordonnier & Jaggi, NeurIPS 2018).
 *
 *     decoded = g at the k largest |g|, else 0          (per leaf; of equal ones the lower index)
 *
 * By itself it stops where the large elements cancel between workers: put `errorFeedback` around it.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { bytesPerIndex, bytesPerNumber, flat, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";
import { keptOf, largest, requireFraction } from "./selection.ts";

export interface TopKOptions {
  /** Share of each leaf that is sent, in (0, 1]; at least one element. Default 0.01. */
  fraction?: number;
}

export const topKDefaults: Required<TopKOptions> = { fraction: 0.01 };

/** Large elements only. Cost: no memory; one number and one index (4 bytes) per element that is sent. */
export function topK(options: TopKOptions = {}): StatelessCompressor {
  const { fraction } = withDefaults("topK", options, topKDefaults);
  requireFraction("topK", fraction);
  return {
    name: "topK",
    isUnbiased: fraction === 1,
    init: () => ({}),
    compress: (gradient) => ({
      ...leafwise(gradient, (leaf) => {
        const k = keptOf(leaf.size, fraction);
        const row = flat(leaf);
        const isKept = largest(np.abs(row) as Tensor, k);
        return {
          message: keptElements(row, isKept, k),
          decoded: np.where(isKept, row, np.zerosLike(row)).reshape([...leaf.shape]),
          bytes: k * (bytesPerNumber(leaf) + bytesPerIndex),
        };
      }),
      state: {},
    }),
  };
}

/** @internal The k elements that are kept, and their places in ascending order. */
export function keptElements(row: Tensor, isKept: Tensor, k: number): { values: Tensor; places: Tensor } {
  const index = np.arange(row.size);
  const behind = np.where(isKept, index, index.add(np.array(row.size, { dtype: "int32" }))) as Tensor;
  const places = (np.sort(behind) as Tensor).slice([0, k]);
  return { values: np.take(row, places, 0), places };
}
