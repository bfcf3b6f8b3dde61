import type { RandomStream } from "../../../array/index.ts";
import { vectorNorm } from "../../../numerics/index.ts";
import { normals } from "./normals.ts";

/** Independent rows, uniform on the sphere of radius √size. */
export function sphere(random: RandomStream, count: number, size: number): Float64Array {
  const rows = normals(random, count * size);
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * size, (i + 1) * size);
    const scale = Math.sqrt(size) / vectorNorm(row);
    for (let j = 0; j < size; j++) row[j]! *= scale;
  }
  return rows;
}
