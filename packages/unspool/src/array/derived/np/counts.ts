/** Counting elements: by integers, and in bins. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { isFloat } from "../../dtype.ts";
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asFloats, asTensor, requireCount } from "../arguments.ts";
import { scatterAdd } from "../scatter.ts";
import { search } from "./searches.ts";

export interface BincountOptions {
  /** Counted with these weights, one per element. Default 1 each, counted in int32. */
  weights?: ArrayLike;
  /** Least length of the result. Default 0. */
  minlength?: number;
  /** Length of the result; elements from there on are left out. Needed inside a trace. Default: the largest + 1. */
  length?: number;
}

/** How often each integer from 0 occurs in a vector of integers. */
export function bincount(x: ArrayLike, options: BincountOptions = {}): Tensor {
  const given = asTensor(x);
  const values = given.size === 0 ? given.astype("int32") : given;
  if (values.ndim !== 1 || isFloat(values.dtype)) {
    throw new ShapeError(
      "np.bincount",
      `counts a vector of integers, got ${values.toString()}. Use astype("int32").`,
    );
  }
  const minlength = requireCount("np.bincount", "minlength", options.minlength ?? 0, 0);
  const length = options.length ?? lengthOf(values, minlength);
  requireCount("np.bincount", "length", length, 0);
  const weights = options.weights === undefined ? undefined : asFloat(options.weights);
  if (weights !== undefined && String(weights.shape) !== String(values.shape)) {
    throw new ShapeError(
      "np.bincount",
      `one weight per element is needed, got ${weights.toString()} for ${values.toString()}.`,
    );
  }
  return scatterAdd(length, values.astype("int32"), weights ?? np.ones(values.shape, { dtype: "int32" }));
}

function lengthOf(values: Tensor, minlength: number): number {
  if (values.isTraced) {
    throw new OptionError(
      "np.bincount",
      "length",
      undefined,
      "given inside jit, grad, vmap or a step, where the largest element is not known",
    );
  }
  const { data } = values;
  let largest = -1;
  for (const value of data) {
    if (value < 0) throw new OptionError("np.bincount", "x", value, "integers from 0");
    largest = Math.max(largest, value);
  }
  return Math.max(largest + 1, minlength);
}

export interface HistogramOptions {
  /** Number of equal bins, or their rising edges. Default 10. */
  bins?: number | ArrayLike;
  /** Ends of the first and the last bin. Default: the smallest and the largest element. */
  range?: readonly [number, number];
  /** Counted with these weights, one per element. Default 1 each, counted in int32. */
  weights?: ArrayLike;
  /** Divided by their sum and by the widths of the bins. Default false. */
  density?: boolean;
}

/** Counts per bin, and the edges of the bins (one more). The last bin holds its right end too. */
export function histogram(x: ArrayLike, options: HistogramOptions = {}): [Tensor, Tensor] {
  const values = asFloat(x).flatten();
  const edges = edgesOf(values, options);
  const bins = edges.size - 1;
  const bin = search("np.histogram", edges, values, { side: "right" }).sub(1);
  const isLast = values.equal(edges.slice(bins));
  const inBins = np.where(isLast, bins - 1, np.where(bin.less(bins), bin, -1)).astype("int32");
  const weights = options.weights === undefined ? undefined : asFloat(options.weights).flatten();
  if (weights !== undefined && weights.size !== values.size) {
    throw new ShapeError(
      "np.histogram",
      `one weight per element is needed, got ${weights.size} for ${values.size} elements.`,
    );
  }
  const counts = scatterAdd(bins, inBins, weights ?? np.ones(values.shape, { dtype: "int32" }));
  if (options.density !== true) return [counts, edges];
  const widths = edges.slice([1, bins + 1]).sub(edges.slice([0, bins]));
  const [shares] = asFloats(counts.astype(edges.dtype));
  return [shares!.div(shares!.sum()).div(widths), edges];
}

function edgesOf(values: Tensor, { bins = 10, range }: HistogramOptions): Tensor {
  if (typeof bins !== "number") {
    const [edges] = asFloats(bins, values) as [Tensor];
    const isRising = edges.isTraced || edges.data.every((edge, i) => i === 0 || edge >= edges.data[i - 1]!);
    if (edges.ndim === 1 && edges.size >= 2 && isRising) return edges;
    throw new OptionError("np.histogram", "bins", bins, "a number, or a vector of at least two rising edges");
  }
  requireCount("np.histogram", "bins", bins, 1);
  const [low, high] = endsOf(values, range);
  const share = np.array(Float64Array.from({ length: bins + 1 }, (_, i) => i / bins)).astype(values.dtype);
  const edges = low.add(high.sub(low).mul(share));
  return np.where(share.equal(1), high, edges) as Tensor;
}

function endsOf(values: Tensor, range: HistogramOptions["range"]): [Tensor, Tensor] {
  const scalar = (value: number) => np.array(value, { dtype: values.dtype });
  if (range !== undefined) {
    const [low, high] = range;
    if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
      throw new OptionError("np.histogram", "range", range, "[lowest, highest], both finite");
    }
    return low === high ? [scalar(low - 0.5), scalar(high + 0.5)] : [scalar(low), scalar(high)];
  }
  if (values.size === 0) return [scalar(0), scalar(1)];
  if (!values.isTraced && !values.data.every(Number.isFinite)) {
    throw new OptionError(
      "np.histogram",
      "x",
      NaN,
      "finite, or give a range: a bin has no end at NaN or infinity",
    );
  }
  const [low, high] = [values.min(), values.max()];
  const margin = np.where(low.equal(high), 0.5, 0).astype(values.dtype);
  return [low.sub(margin), high.add(margin)];
}
