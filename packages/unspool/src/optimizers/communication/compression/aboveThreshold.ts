/**
 * Threshold sparsification (Strom, Interspeech 2015, without his quantisation): whatever is large enough.
 *
 *     decoded = g where |g| ≥ threshold, else 0
 *
 * By itself it never sends what stays small: put `errorFeedback` around it.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { requirePositive } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { bytesPerIndex, bytesPerNumber, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";

export interface AboveThresholdOptions {
  /** In the units of what is compressed. Default 0.001. */
  threshold?: number;
}

export const aboveThresholdDefaults: Required<AboveThresholdOptions> = { threshold: 0.001 };

/**
 * Elements from a fixed size on; how many depends on the numbers. Cost: no memory; one number and one index (4 bytes)
 * per element that is sent.
 */
export function aboveThreshold(options: AboveThresholdOptions = {}): StatelessCompressor {
  const { threshold } = withDefaults("aboveThreshold", options, aboveThresholdDefaults);
  requirePositive("aboveThreshold", "threshold", threshold);
  return {
    name: "aboveThreshold",
    isUnbiased: false,
    init: () => ({}),
    compress: (gradient) => ({
      ...leafwise(gradient, (leaf) => {
        const isSent = np.abs(leaf).greaterEqual(threshold) as Tensor;
        const decoded = np.where(isSent, leaf, np.zerosLike(leaf));
        return {
          message: { isSent, values: decoded },
          decoded,
          bytes: isSent
            .astype("float64")
            .sum()
            .mul(bytesPerNumber(leaf) + bytesPerIndex),
        };
      }),
      state: {},
    }),
  };
}
