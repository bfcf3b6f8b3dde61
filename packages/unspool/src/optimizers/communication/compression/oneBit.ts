/**
 * 1-bit SGD (Seide, Fu, Droppo, Li & Yu, Interspeech 2014): one bit per element, two values per column.
 *
 *     decoded_ij = mean of { g_kj : g_kj ≥ 0 }   where g_ij ≥ 0
 *                = mean of { g_kj : g_kj < 0 }   elsewhere
 *
 * A column is the last axis' index of a matrix; a vector is one column. Meant to stand in `errorFeedback`.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { bytesPerNumber, leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";

export const oneBitDefaults: Record<string, never> = {};

/** The two means that lose least per column. Cost: no memory; 1 bit per element and two numbers per column. */
export function oneBit(): StatelessCompressor {
  return {
    name: "oneBit",
    isUnbiased: false,
    init: () => ({}),
    compress: (gradient) => ({
      ...leafwise(gradient, (leaf) => {
        const columns = leaf.ndim < 2 ? 1 : leaf.shape.at(-1)!;
        const rows = leaf.reshape([leaf.size / columns, columns]);
        const isUpper = rows.greaterEqual(0);
        const upper = meanWhere(isUpper, rows);
        const lower = meanWhere(np.logicalNot(isUpper) as Tensor, rows);
        return {
          message: { isUpper, upper, lower },
          decoded: np.where(isUpper, upper, lower).reshape([...leaf.shape]),
          bytes: Math.ceil(leaf.size / 8) + 2 * columns * bytesPerNumber(leaf),
        };
      }),
      state: {},
    }),
  };
}

/** Means over rows of the elements that are meant, 0 where there are none. */
function meanWhere(mask: Tensor, rows: Tensor): Tensor {
  const count = mask.astype(rows.dtype).sum(0);
  return np.where(mask, rows, np.zerosLike(rows)).sum(0).div(np.maximum(count, 1));
}
