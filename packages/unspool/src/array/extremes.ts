/** Places of extremes, and limits, with NumPy's rules for NaN: it is the extreme, and is never lost. */
import * as jax from "@jax-js/jax";
import { ShapeError } from "../errors.ts";
import { plainAxis } from "./axes.ts";
import { concrete, lift } from "./lift.ts";
import type { ReduceOptions, Tensor, TensorLike } from "./tensor.ts";

const choose = lift(jax.numpy.where) as (condition: Tensor, x: Tensor, y: Tensor) => Tensor;

/** The place of the first NaN, or else of the first element that equals the extreme. */
const placeOf =
  (name: string, extremeOf: (x: Tensor, axis: number) => Tensor) =>
  (x: Tensor, axis?: number | null, options: ReduceOptions = {}): Tensor => {
    const where = `np.${name}`;
    const isFlat = axis === undefined || axis === null;
    const values = isFlat ? x.flatten() : x;
    const along = isFlat ? 0 : plainAxis(where, axis, x.ndim);
    const length = values.shape[along]!;
    if (length === 0)
      throw new ShapeError(
        where,
        `an empty axis has no extreme, got ${x.toString()}. Check its length first.`,
      );
    const rank = concrete(
      Int32Array.from({ length }, (_, i) => length - i),
      [length, ...values.shape.slice(along + 1).map(() => 1)],
      "int32",
    );
    const zero = concrete(Int32Array.of(0), [], "int32");
    const isExtreme = values.equal(extremeOf(values, along));
    const first = choose(isExtreme, rank, zero);
    const isFloat = values.dtype === "float32" || values.dtype === "float64";
    const ranks = isFloat ? choose(values.equal(values), first, rank) : first;
    const place = ranks
      .max(along, options)
      .neg()
      .add(concrete(Int32Array.of(length), [], "int32"));
    return isFlat && options.keepdims === true ? place.reshape(x.shape.map(() => 1)) : place;
  };

export const argmax: (x: Tensor, axis?: number | null, options?: ReduceOptions) => Tensor = placeOf(
  "argmax",
  (x, axis) => x.max(axis, { keepdims: true }),
);
export const argmin: (x: Tensor, axis?: number | null, options?: ReduceOptions) => Tensor = placeOf(
  "argmin",
  (x, axis) => x.min(axis, { keepdims: true }),
);

/** The functions of two operands that `clip` is made of. */
export interface Limits {
  maximum(x: TensorLike, y: TensorLike): Tensor;
  minimum(x: TensorLike, y: TensorLike): Tensor;
}

/** minimum(maximum(x, low), high), so that `high` wins where low is above it; either may be left out. */
export const clipBy =
  ({ maximum, minimum }: Limits) =>
  (x: Tensor, low?: TensorLike | null, high?: TensorLike | null): Tensor => {
    const raised = low === undefined || low === null ? x : maximum(x, low);
    return high === undefined || high === null ? raised : minimum(raised, high);
  };
