/**
 * Numbers for NaN and infinity. jax-js 0.1.25 writes the largest float64 as a float32 inside of a program, where it is
 * infinite again.
 */
import { array } from "./arrays.ts";
import { type DType, isFloat } from "./dtype.ts";
import { isTensor } from "./lift.ts";
import type { Tensor, TensorLike } from "./tensor.ts";
import { where } from "./where.ts";

export interface NanToNumOptions {
  /** For NaN. Default 0. */
  nan?: number;
  /** For Infinity. Default the largest number of the dtype. */
  posinf?: number | null;
  /** For -Infinity. Default the least number of the dtype. */
  neginf?: number | null;
}

const largest = (dtype: DType): number =>
  dtype === "float64" ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127;

export function nanToNum(given: TensorLike, { nan = 0, posinf, neginf }: NanToNumOptions = {}): Tensor {
  const x = isTensor(given) ? given : array(Number(given));
  if (!isFloat(x.dtype)) return x;
  const most = largest(x.dtype);
  const choose = where as (condition: Tensor, x: number, y: Tensor) => Tensor;
  const known = choose(x.notEqual(x), nan, x);
  const below = choose(x.equal(Infinity), posinf ?? most, known);
  return choose(x.equal(-Infinity), neginf ?? -most, below);
}
