/**
 * Quantiles: order statistics between which is interpolated. With n sorted elements, quantile q stands at place
 * q (n - 1); definition 7 of Hyndman and Fan 1996, as in NumPy. A NaN among the elements makes the result NaN.
 */
import { OptionError } from "../../../errors.ts";
import { np } from "../../np.ts";
import type { Axis, ReduceOptions, Tensor } from "../../tensor.ts";
import { isTensor } from "../../lift.ts";
import { type ArrayLike, asFloat, axesOf, joinLast, reducedShape } from "../arguments.ts";

export interface QuantileOptions extends ReduceOptions {
  /** What stands between two elements. Default "linear". */
  method?: "linear" | "lower" | "higher" | "midpoint" | "nearest";
}

const methods = ["linear", "lower", "higher", "midpoint", "nearest"];

/**
 * The `q`-quantile along the axes (all by default), q from 0 to 1; for several q the result has their axes in front. Where
 * q is known only in a trace and lies outside, the result is NaN.
 *
 * @example
 * np.quantile([3, 1, 2, 4], 0.25); // 1.75
 */
export function quantile(
  x: ArrayLike,
  q: ArrayLike,
  axis: Axis = null,
  options: QuantileOptions = {},
): Tensor {
  return quantileFor("np.quantile", asFloat(x), shares(q, 1), axis, options);
}

/** Quantiles by percent: `percentile(x, 25)` is `quantile(x, 0.25)`. */
export function percentile(
  x: ArrayLike,
  percent: ArrayLike,
  axis: Axis = null,
  options: QuantileOptions = {},
): Tensor {
  return quantileFor("np.percentile", asFloat(x), shares(percent, 100), axis, options);
}

/** The middle element, or the mean of the two in the middle. */
export function median(x: ArrayLike, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  return quantileFor("np.median", asFloat(x), np.array(0.5), axis, options);
}

/** `q` divided by `whole`; numbers in double precision, because 0.3 in float32 is another place. */
function shares(q: ArrayLike, whole: number): Tensor {
  if (isTensor(q) && q.isTraced) return q.div(whole);
  const given = isTensor(q) ? q : np.array(q, { dtype: "float64" });
  return np.array(
    Float64Array.from(given.data, (share) => share / whole),
    { shape: given.shape },
  );
}

function quantileFor(where: string, x: Tensor, q: Tensor, axis: Axis, options: QuantileOptions): Tensor {
  const { keepdims = false, method = "linear" } = options;
  if (!methods.includes(method)) {
    throw new OptionError(where, "method", method, methods.map((name) => `"${name}"`).join(", "));
  }
  if (!q.isTraced && !q.data.every((share) => share >= 0 && share <= 1)) {
    throw new OptionError(where, "q", Array.from(q.data), "shares from 0 to 1 (percentiles: from 0 to 100)");
  }
  const axes = axesOf(where, x, axis);
  const shape = [...q.shape, ...reducedShape(x, axes, keepdims)];
  const rows = joinLast(x, axes);
  const count = rows.shape.at(-1)!;
  if (count === 0) return np.full(shape, NaN, { dtype: x.dtype as "float32" });
  const { lower, upper, weight } = places(q.flatten(), count, method);
  const sorted = np.sort(rows, -1);
  const [below, above] = [lower, upper].map((at) => np.take(sorted, at, -1)) as [Tensor, Tensor];
  const share = weight.astype(x.dtype);
  // Where both are equal (also both infinite) there is nothing to round.
  const between = below.mul(share.neg().add(1)).add(above.mul(share));
  const isOne = below.equal(above).astype("int32").add(share.equal(0).astype("int32")).greater(0);
  const values = np.where(isOne, below, np.where(share.equal(1), above, between));
  const isUnknown = np.any(np.isnan(rows), -1, { keepdims: true }) as Tensor;
  const found = np.where(isUnknown, np.array(NaN, { dtype: x.dtype }), values);
  const flat = q.flatten();
  const isShare = np.logicalAnd(flat.greaterEqual(0), flat.lessEqual(1)) as Tensor;
  const result = q.isTraced ? np.where(isShare, found, np.array(NaN, { dtype: x.dtype })) : found;
  // The quantiles' axis, last so far, comes first.
  const last = result.ndim - 1;
  return result.transpose([last, ...Array.from({ length: last }, (_, i) => i)]).reshape(shape);
}

/** The two neighbours of each quantile among `count` sorted elements, and the weight of the upper one. */
function places(q: Tensor, count: number, method: string): { lower: Tensor; upper: Tensor; weight: Tensor } {
  if (!q.isTraced) {
    // In double precision: q (n - 1) of float32 numbers would move places of long arrays.
    const at = Array.from(q.data, (share) => place(share * (count - 1), method));
    const index = (values: number[]) => np.array(Int32Array.from(values));
    return {
      lower: index(at.map(({ lower }) => lower)),
      upper: index(at.map(({ lower }) => Math.min(lower + 1, count - 1))),
      weight: np.array(Float64Array.from(at, ({ weight }) => weight)),
    };
  }
  const at = np.clip(q, 0, 1).mul(count - 1);
  const lower = np.floor(at) as Tensor;
  const fraction = at.sub(lower);
  const rounded = np.round(at).sub(lower) as Tensor;
  const weights: Record<string, Tensor> = {
    linear: fraction,
    lower: fraction.mul(0),
    higher: fraction.greater(0).astype(q.dtype),
    midpoint: fraction.greater(0).astype(q.dtype).mul(0.5),
    nearest: rounded,
  };
  const index = lower.astype("int32");
  return { lower: index, upper: np.minimum(index.add(1), count - 1) as Tensor, weight: weights[method]! };
}

function place(at: number, method: string): { lower: number; weight: number } {
  const lower = Math.floor(at);
  const fraction = at - lower;
  // Halves go to the even neighbour, as NumPy rounds.
  const isUp = fraction > 0.5 || (fraction === 0.5 && lower % 2 === 1);
  const weight: Record<string, number> = {
    linear: fraction,
    lower: 0,
    higher: fraction > 0 ? 1 : 0,
    midpoint: fraction > 0 ? 0.5 : 0,
    nearest: isUp ? 1 : 0,
  };
  return { lower, weight: weight[method]! };
}
