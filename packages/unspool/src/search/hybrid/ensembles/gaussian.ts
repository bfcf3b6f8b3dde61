import type { RandomStream } from "../../../array/index.ts";
import { normals } from "./normals.ts";

/** Independent standard normal rows. */
export function gaussian(random: RandomStream, count: number, size: number): Float64Array {
  return normals(random, count * size);
}
