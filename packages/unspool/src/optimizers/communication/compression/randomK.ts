/**
 * Random-k sparsification (Wangni, Wang, Liu & Zhang, NeurIPS 2018; Stich, Cordonnier & Jaggi, NeurIPS 2018).
 *
 *     decoded = n / k · g at k elements that are drawn without replacement, else 0          (per leaf of n elements)
 *
 * All workers draw the same elements from the key that they share, so nobody sends indices and sums need no decoding.
 */
import { type Tensor, np, random } from "../../../array/index.ts";
import { requireBoolean, withDefaults } from "../../hyperparameter.ts";
import { bytesPerNumber, flat, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";
import { reduceLinear } from "./reduceOver.ts";
import { keptOf, largest, requireFraction } from "./selection.ts";
import { keptElements } from "./topK.ts";

export interface RandomKOptions {
  /** Share of each leaf that is sent, in (0, 1]; at least one element. Default 0.01. */
  fraction?: number;
  /** Multiplies what is sent by n / k, which makes it unbiased. Default true; false inside of `errorFeedback`. */
  isScaled?: boolean;
}

export const randomKDefaults: Required<RandomKOptions> = { fraction: 0.01, isScaled: true };

/** Whatever elements, the same for all. Cost: no memory; one number per element that is sent. */
export function randomK(options: RandomKOptions = {}): StatelessCompressor {
  const { fraction, isScaled } = withDefaults("randomK", options, randomKDefaults);
  requireFraction("randomK", fraction);
  requireBoolean("randomK", "isScaled", isScaled);
  const compressor: StatelessCompressor = {
    name: "randomK",
    isUnbiased: isScaled || fraction === 1,
    init: () => ({}),
    compress: (gradient, _state, key) => ({
      ...leafwise(gradient, (leaf, _path, index) => {
        const k = keptOf(leaf.size, fraction);
        const row = isScaled ? flat(leaf).mul(leaf.size / k) : flat(leaf);
        const isKept = largest(random.uniform(random.foldIn(key, index), [leaf.size]), k);
        return {
          message: keptElements(row, isKept, k).values,
          decoded: np.where(isKept, row, np.zerosLike(row)).reshape([...leaf.shape]) as Tensor,
          bytes: k * bytesPerNumber(leaf),
        };
      }),
      state: {},
    }),
    reduce: (gradients, states, key) => reduceLinear(compressor.compress, gradients, states, key),
  };
  return compressor;
}
