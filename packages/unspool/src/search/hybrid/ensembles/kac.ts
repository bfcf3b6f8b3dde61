/**
 * Rows of a random product of Givens rotations (Kac's random walk), orthogonal and of length √size: near uniform after
 * size · log(size) rotations, each of which costs two numbers per row (Choromanski et al. 2018).
 *
 * The authors' code overwrites the first of two coordinates ahead of using it for the second: its rows are not orthogonal.
 */
import type { RandomStream } from "../../../array/index.ts";

export function kac(random: RandomStream, count: number, size: number): Float64Array {
  const rows = new Float64Array(count * size);
  const rotations = size < 2 ? 0 : Math.ceil(size * Math.log2(size));
  for (let from = 0; from < count; from += size) {
    const block = Math.min(size, count - from);
    const of = rows.subarray(from * size, (from + block) * size);
    // One of size < 2 cannot be rotated, but turned around.
    const length = size < 2 && random.uniform() < 0.5 ? -1 : Math.sqrt(size);
    for (let i = 0; i < block; i++) of[i * size + i] = length;
    for (let rotation = 0; rotation < rotations; rotation++) rotate(random, of, block, size);
  }
  return rows;
}

function rotate(random: RandomStream, rows: Float64Array, count: number, size: number): void {
  const a = random.integer(size);
  const b = (a + 1 + random.integer(size - 1)) % size;
  const angle = 2 * Math.PI * random.uniform();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let i = 0; i < count; i++) {
    const [x, y] = [rows[i * size + a]!, rows[i * size + b]!];
    rows[i * size + a] = cos * x - sin * y;
    rows[i * size + b] = sin * x + cos * y;
  }
}
