/** Weighted averages, covariances and correlations. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import type { Axis, ReduceOptions, Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asFloats, axesOf } from "../arguments.ts";

export interface AverageOptions extends ReduceOptions {
  /** Of the shape of `x`, or a vector along the one axis. Default 1 each. */
  weights?: ArrayLike;
}

/** sum(weights x) / sum(weights) over the axes. */
export function average(x: ArrayLike, axis: Axis = null, options: AverageOptions = {}): Tensor {
  const { weights, ...reduce } = options;
  if (weights === undefined) return asFloat(x).mean(axis, reduce);
  const [values, given] = asFloats(x, weights) as [Tensor, Tensor];
  const full = spreadWeights(values, given, axesOf("np.average", values, axis));
  const total = full.sum(axis, reduce);
  if (!total.isTraced && total.data.includes(0)) {
    throw new OptionError(
      "np.average",
      "the sum of the weights",
      0,
      "another number than 0",
      "An average divides by it.",
    );
  }
  return values.mul(full).sum(axis, reduce).div(total);
}

function spreadWeights(values: Tensor, weights: Tensor, axes: readonly number[]): Tensor {
  if (String(weights.shape) === String(values.shape)) return weights;
  const [axis] = axes;
  if (axes.length !== 1 || weights.ndim !== 1 || weights.size !== values.shape[axis!]) {
    throw new ShapeError(
      "np.average",
      `weights are ${weights.toString()}; they need the shape of x, ${values.toString()}, or one weight per element of one axis.`,
    );
  }
  const along = values.shape.map((length, i) => (i === axis ? length : 1));
  return np.broadcastTo(weights.reshape(along), [...values.shape]) as Tensor;
}

export interface CovarianceOptions {
  /** More variables, in the layout of `x`. */
  y?: ArrayLike;
  /** Rows are variables and columns are observations. Default true. */
  rowvar?: boolean;
  /** Taken off the number of observations. Default 1. */
  ddof?: number;
}

/** Covariance matrix [variables, variables]; a scalar for one variable. */
export function cov(x: ArrayLike, options: CovarianceOptions = {}): Tensor {
  const { ddof = 1 } = options;
  const rows = variables("np.cov", x, options);
  const observations = rows.shape[1]!;
  if (!(observations > ddof)) {
    throw new OptionError(
      "np.cov",
      "ddof",
      ddof,
      `below the number of observations, which is ${observations}`,
    );
  }
  const deviation = rows.sub(rows.mean(1, { keepdims: true }));
  const matrix = (np.matmul(deviation, deviation.transpose()) as Tensor).div(observations - ddof);
  return rows.shape[0] === 1 ? matrix.reshape([]) : matrix;
}

/** Correlation coefficients [variables, variables]; NaN beside a variable that does not vary. */
export function corrcoef(x: ArrayLike, options: Omit<CovarianceOptions, "ddof"> = {}): Tensor {
  // The number of observations cancels.
  const matrix = cov(x, { ...options, ddof: 0 });
  const rows = variables("np.corrcoef", x, options);
  // By the elements: the deviations of a constant row from its rounded mean may be small numbers.
  const isConstant = rows.max(1).equal(rows.min(1));
  if (matrix.ndim === 0) return np.where(isConstant.reshape([]), NaN, matrix.div(matrix)) as Tensor;
  const deviation = np.where(isConstant, NaN, np.sqrt(np.diagonal(matrix))) as Tensor;
  const scaled = matrix.div(deviation.reshape([-1, 1])).div(deviation);
  return np.clip(scaled, -1, 1) as Tensor;
}

function variables(where: string, x: ArrayLike, { y, rowvar = true }: CovarianceOptions): Tensor {
  const rows = asFloats(...(y === undefined ? [x] : [x, y])).map((part) => {
    if (part.ndim > 2) throw new ShapeError(where, `needs a vector or a matrix, got ${part.toString()}.`);
    const matrix = part.ndim < 2 ? part.reshape([1, -1]) : part;
    return rowvar || part.ndim < 2 ? matrix : matrix.transpose();
  });
  return rows.length === 1 ? rows[0]! : (np.concatenate(rows, 0) as Tensor);
}
