/** Reductions that pass over NaN. Of rows that are all NaN, sums are 0, products 1, and the others NaN, as in NumPy. */
import { isFloat } from "../../dtype.ts";
import { np } from "../../np.ts";
import type { Axis, ReduceOptions, Tensor } from "../../tensor.ts";
import { type VarianceOptions, correctionOf } from "../../varianceOptions.ts";
import { type ArrayLike, asFloat, asTensor, axesOf, requireElements } from "../arguments.ts";

type Reduce = (x: ArrayLike, axis?: Axis, options?: ReduceOptions) => Tensor;

const without = (x: Tensor, value: number): Tensor => np.where(np.isnan(x), value, x) as Tensor;
const present = (x: Tensor, axis: Axis, options: ReduceOptions): Tensor =>
  x.equal(x).astype("int32").sum(axis, options);

/** Sum of the elements that are not NaN. */
export const nansum: Reduce = (x, axis = null, options = {}) => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype)
    ? without(tensor, 0).sum(axis, options)
    : (np.sum(tensor, axis, options) as Tensor);
};

/** Product of the elements that are not NaN. */
export const nanprod: Reduce = (x, axis = null, options = {}) => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? without(tensor, 1).prod(axis, options) : tensor.prod(axis, options);
};

/** Mean of the elements that are not NaN. */
export const nanmean: Reduce = (x, axis = null, options = {}) => {
  const values = asFloat(x);
  return nansum(values, axis, options).div(present(values, axis, options).astype(values.dtype));
};

/** Variance of the elements that are not NaN; NaN where one is infinite, or not more of them than `correction` are left. */
export function nanvar(x: ArrayLike, axis: Axis = null, options: VarianceOptions = {}): Tensor {
  const { correction: _correction, ddof: _ddof, ...reduce } = options;
  const correction = correctionOf("np.nanvar", options);
  const values = asFloat(x);
  // Zero where a value is NaN, not where a deviation is: that from an infinite mean is NaN, as in NumPy.
  const deviation = np.where(
    np.isnan(values),
    0,
    values.sub(nanmean(values, axis, { keepdims: true })),
  ) as Tensor;
  const count = present(values, axis, reduce).astype(values.dtype).sub(correction);
  const safe = np.where(count.greater(0), count, NaN) as Tensor;
  return deviation.mul(deviation).sum(axis, reduce).div(safe);
}

/** Standard deviation of the elements that are not NaN. */
export function nanstd(x: ArrayLike, axis: Axis = null, options: VarianceOptions = {}): Tensor {
  return np.sqrt(nanvar(x, axis, options)) as Tensor;
}

/** Largest of the elements that are not NaN. Of no elements there is none: a `ShapeError`. */
export const nanmax: Reduce = (x, axis = null, options = {}) =>
  extreme("nanmax", x, -Infinity, "max", axis, options);
/** Smallest of the elements that are not NaN. Of no elements there is none: a `ShapeError`. */
export const nanmin: Reduce = (x, axis = null, options = {}) =>
  extreme("nanmin", x, Infinity, "min", axis, options);

function extreme(
  name: string,
  x: ArrayLike,
  beyond: number,
  method: "max" | "min",
  axis: Axis,
  options: ReduceOptions,
): Tensor {
  const values = asTensor(x);
  requireElements(`np.${name}`, values, axesOf(`np.${name}`, values, axis));
  if (!isFloat(values.dtype)) return values[method](axis, options);
  const found = without(values, beyond)[method](axis, options);
  return np.where(present(values, axis, options).equal(0), NaN, found) as Tensor;
}

/** Place of the largest element that is not NaN, of the flat array or along an axis; 0 where all are NaN. */
export function nanargmax(x: ArrayLike, axis?: number): Tensor {
  const values = asFloat(x);
  return np.argmax(without(values, -Infinity), axis) as Tensor;
}

/** Place of the smallest element that is not NaN, of the flat array or along an axis; 0 where all are NaN. */
export function nanargmin(x: ArrayLike, axis?: number): Tensor {
  const values = asFloat(x);
  return np.argmin(without(values, Infinity), axis) as Tensor;
}
