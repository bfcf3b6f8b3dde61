/**
 * Orthogonal directions with the lengths of independent normal ones (chi-distributed), so that each row alone is standard
 * normal: the objective that is smoothed is that of `gaussian`.
 */
import type { RandomStream } from "../../../array/index.ts";
import { vectorNorm } from "../../../numerics/index.ts";
import { normals } from "./normals.ts";
import { orthonormalRows } from "./orthogonal.ts";

export function gaussianOrthogonal(random: RandomStream, count: number, size: number): Float64Array {
  return orthonormalRows(random, count, size, () => vectorNorm(normals(random, size)));
}
