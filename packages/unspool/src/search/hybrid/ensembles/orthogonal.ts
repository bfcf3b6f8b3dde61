/**
 * Rows that are orthogonal within blocks of `size`, uniformly distributed, of length √size (Choromanski et al., "Structured
 * Evolution with Compact Architectures", ICML 2018). With as many pairs as numbers in theta the gradient of a linear
 * function is exact.
 */
import type { RandomStream } from "../../../array/index.ts";
import { orthonormalColumns } from "../../../numerics/index.ts";
import { normals } from "./normals.ts";

/** Orthogonal directions [count, size]. Cost: 4 · count · size² operations at most. */
export function orthogonal(random: RandomStream, count: number, size: number): Float64Array {
  return orthonormalRows(random, count, size, () => Math.sqrt(size));
}

/** Blocks of up to `size` orthogonal rows, each of the length that is drawn for it. */
export function orthonormalRows(
  random: RandomStream,
  count: number,
  size: number,
  length: () => number,
): Float64Array {
  const rows = new Float64Array(count * size);
  for (let done = 0; done < count;) {
    const block = Math.min(size, count - done);
    const drawn = Array.from({ length: block }, () => normals(random, size));
    // Independent normal rows are dependent with probability 0; what rounding takes away is made in the next block.
    for (const row of orthonormalColumns(drawn)) {
      const scale = length();
      for (let j = 0; j < size; j++) rows[done * size + j] = scale * row[j]!;
      done++;
    }
  }
  return rows;
}
