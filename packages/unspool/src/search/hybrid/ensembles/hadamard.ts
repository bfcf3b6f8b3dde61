/**
 * Rows of a Hadamard matrix with random signs of the columns, H D (Choromanski et al. 2018): numbers ±1, drawn with `size`
 * random signs per block instead of a normal number for each element. Rows are different ones of the matrix, whose side P
 * is the least power of two from `size` on; their first `size` columns are used. They are orthogonal where `size` is a
 * power of two, and nearly so elsewhere. More rows than P are blocks with signs of their own.
 *
 * The authors' code scales rows by √P and needs `size` to be P.
 */
import type { RandomStream } from "../../../array/index.ts";
import { distinct } from "../choiceSpace.ts";

export function hadamard(random: RandomStream, count: number, size: number): Float64Array {
  const side = 2 ** Math.ceil(Math.log2(size));
  const rows = new Float64Array(count * size);
  for (let from = 0; from < count; from += side) {
    const signs = Float64Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1));
    const chosen = distinct(random, Math.min(side, count - from), side);
    chosen.forEach((row, i) => {
      // Sylvester's matrix: the sign of row r, column c is the parity of the bits that both have.
      for (let j = 0; j < size; j++) rows[(from + i) * size + j] = signs[j]! * (1 - 2 * parity(row & j));
    });
  }
  return rows;
}

function parity(word: number): number {
  let bits = word;
  for (let shift = 16; shift > 0; shift >>= 1) bits ^= bits >>> shift;
  return bits & 1;
}
