/**
 * Products along axes by repeated halving and doubling: jax-js 0.1.25 divides by each factor to differentiate, which
 * gives NaN where a factor is 0. Those of float32 are in float64, rounded once at the end: the factors are multiplied in
 * another order than they stand in, and 1e30 * 1e30 in float32 would be infinite beside a 1e-30 that comes before it.
 */
import * as jax from "@jax-js/jax";
import { plainAxes, plainAxis } from "./axes.ts";
import { lift } from "./lift.ts";
import type { Axis, ReduceOptions, Tensor } from "./tensor.ts";

const jaxProd = lift(jax.numpy.prod) as (x: Tensor, axis: Axis, options: ReduceOptions) => Tensor;
const concatenate = lift(jax.numpy.concatenate) as (parts: Tensor[], axis: number) => Tensor;
const onesLike = lift(jax.numpy.onesLike) as (x: Tensor) => Tensor;

/** Product over the axes; log2(n) multiplications, differentiable at 0. */
export function prod(x: Tensor, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  if (x.dtype === "bool") return prod(x.astype("int32"), axis, options);
  if (x.dtype === "float32") return prod(x.astype("float64"), axis, options).astype("float32");
  const axes = plainAxes("np.prod", axis, x.ndim);
  const isSmall = axes.every((i) => x.shape[i] !== 0);
  if (!isSmall) return jaxProd(x, axis, options);
  const reduced = axes.reduce((rest, i) => halve(rest, i), x);
  if (options.keepdims === true) return reduced;
  return reduced.reshape(x.shape.filter((_, i) => !axes.includes(i)));
}

/** The product along one axis, which keeps length 1. */
function halve(x: Tensor, axis: number): Tensor {
  const length = x.shape[axis]!;
  if (length <= 1) return x;
  const half = length >> 1;
  const product = range(x, axis, 0, half).mul(range(x, axis, half, 2 * half));
  if (length === 2 * half) return halve(product, axis);
  return halve(concatenate([product, range(x, axis, 2 * half, length)], axis), axis);
}

/** Running product: after step k each element is the product of the 2^k factors up to it. */
export function cumprod(x: Tensor, axis?: number): Tensor {
  if (x.dtype === "bool") return cumprod(x.astype("int32"), axis);
  if (x.dtype === "float32") return cumprod(x.astype("float64"), axis).astype("float32");
  if (axis === undefined) return cumprod(x.flatten(), 0);
  const along = plainAxis("np.cumprod", axis, x.ndim);
  const length = x.shape[along]!;
  let result = x;
  for (let step = 1; step < length; step *= 2) {
    const ones = onesLike(range(result, along, 0, step));
    result = result.mul(concatenate([ones, range(result, along, 0, length - step)], along));
  }
  return result;
}

function range(x: Tensor, axis: number, start: number, stop: number): Tensor {
  return x.slice(...x.shape.map((_, i): [] | [number, number] => (i === axis ? [start, stop] : [])));
}
