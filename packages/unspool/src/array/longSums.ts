/**
 * Long sums of float32, accumulated in float64 and rounded once. One after the other in float32, as jax-js 0.1.25 adds,
 * ten million terms lose four digits; NumPy adds in pairs. Of tensors with elements here, in traces by
 * `wideReductions.ts`; the engine has its own (`emit/groupReductions.ts`).
 */
import { plainAxes } from "./axes.ts";
import { concrete } from "./lift.ts";
import { countOf, longSum } from "./wideReductions.ts";
import type { Axis, ReduceOptions, Tensor } from "./tensor.ts";

/** The sum of a tensor with elements, where it is a long one: no copy is made for it. */
export function longSumOf(x: Tensor, axis: Axis, { keepdims = false }: ReduceOptions): Tensor | undefined {
  if (x.isTraced || x.dtype !== "float32") return undefined;
  const axes = plainAxes("Tensor.sum", axis, x.ndim);
  if (countOf(x.shape, axes) <= longSum) return undefined;
  let shape = [...x.shape];
  let data: ArrayLike<number> = x.data;
  for (const one of axes) {
    data = sumAlong(data, shape, one);
    shape = shape.with(one, 1);
  }
  const kept = keepdims ? shape : shape.filter((_, i) => !axes.includes(i));
  return concrete(Float32Array.from(data), kept, "float32");
}

/** Sums along one axis, in float64. */
function sumAlong(data: ArrayLike<number>, shape: readonly number[], axis: number): Float64Array {
  const length = shape[axis]!;
  const inner = countOf(
    shape,
    shape.flatMap((_, i) => (i > axis ? [i] : [])),
  );
  const outer = countOf(
    shape,
    shape.flatMap((_, i) => (i < axis ? [i] : [])),
  );
  const sums = new Float64Array(outer * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    const start = o * inner;
    for (let k = 0; k < length; k++) for (let i = 0; i < inner; i++) sums[start + i]! += data[at++]!;
  }
  return sums;
}
