import type { RandomStream } from "../../../array/index.ts";

/** Independent signs, each number -1 or 1: rows of length √size. */
export function sign(random: RandomStream, count: number, size: number): Float64Array {
  return Float64Array.from({ length: count * size }, () => (random.uniform() < 0.5 ? -1 : 1));
}
