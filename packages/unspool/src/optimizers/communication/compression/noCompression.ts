/**
 * No compression: the gradient itself is sent (common practice).
 *
 *     decoded = g
 */
import type { Compressor } from "./compressor.ts";
import { bytesPerNumber, leafwise } from "./leafwise.ts";
import { reduceLinear } from "./reduceOver.ts";

export type StatelessCompressor = Compressor<Record<string, never>>;

export const noCompressionDefaults: Record<string, never> = {};

/** What the others are compared with. Cost: no memory; the bytes of the gradient. */
export function noCompression(): StatelessCompressor {
  const compressor: StatelessCompressor = {
    name: "noCompression",
    isUnbiased: true,
    init: () => ({}),
    compress: (gradient) => ({
      ...leafwise(gradient, (leaf) => ({
        message: leaf,
        decoded: leaf,
        bytes: leaf.size * bytesPerNumber(leaf),
      })),
      state: {},
    }),
    reduce: (gradients, states, key) => reduceLinear(compressor.compress, gradients, states, key),
  };
  return compressor;
}
