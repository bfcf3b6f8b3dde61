/** NumPy's functions on tensors: those of jax-js, lifted, with its known traps mended. */
import * as jax from "@jax-js/jax";
import { ShapeError } from "../errors.ts";
import * as arcs from "./arcs.ts";
import { array } from "./arrays.ts";
import { type Comparison, compare } from "./comparisons.ts";
import { arange, eye, full, fullLike, linspace, ones, onesLike, zeros, zerosLike } from "./constructors.ts";
import { diagonalBy, rollBy, traceBy } from "./diagonals.ts";
import { divide, floorDivide, fmod, remainder } from "./division.ts";
import { isFloat } from "./dtype.ts";
import { einsum } from "./einsum.ts";
import * as exact from "./exact.ts";
import { type Limits, argmax, argmin, clipBy } from "./extremes.ts";
import { guardAll, registerArray } from "./guard.ts";
import { take, takeAlongAxis } from "./indexing.ts";
import * as integers from "./integers.ts";
import { isTensor } from "./lift.ts";
import type { Lifted } from "./liftTypes.ts";
import { nanToNum } from "./nanToNum.ts";
import { padBy } from "./padding.ts";
import { power as floatPower } from "./powers.ts";
import { cumprod, prod } from "./products.ts";
import { liftElementwise, liftStructural } from "./promotion.ts";
import * as sines from "./sines.ts";
import { npSignatures } from "./signatures.ts";
import type { Axis, ReduceOptions, Tensor, TensorLike } from "./tensor.ts";
import { type VarianceOptions, correctionOf } from "./varianceOptions.ts";
import { truth, where } from "./where.ts";

export type { ArrayOptions } from "./arrays.ts";

type JaxNumpy = typeof jax.numpy;

/** Elementwise functions of jax-js whose plain numbers are operands. */
// prettier-ignore
const elementwise = [
  "abs", "absolute", "acos", "acosh", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
  "arctanh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "clip", "copysign", "cos", "cosh",
  "divide", "equal", "exp", "exp2", "expm1", "floor", "floorDivide", "fmax", "fmin", "fmod", "greater",
  "greaterEqual", "heaviside", "hypot", "isfinite", "isinf", "isnan", "less", "lessEqual", "log", "log10",
  "log1p", "log2", "logaddexp", "logaddexp2", "logicalAnd", "logicalNot", "logicalOr", "logicalXor",
  "maximum", "minimum", "multiply", "nanToNum", "negative", "notEqual", "positive", "reciprocal",
  "remainder", "rint", "round", "sign", "sin", "sinc", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
  "trueDivide", "trunc", "where", "bitwiseAnd", "bitwiseOr", "bitwiseXor", "bitwiseNot", "leftShift",
  "rightShift",
] as const;

/** Other functions that are lifted as they are. */
// prettier-ignore
const structural = [
  "all", "any", "argmax", "argmin", "argsort", "broadcastTo", "broadcastArrays", "columnStack",
  "concatenate", "convolve", "correlate", "countNonzero", "cross", "cumprod", "cumsum", "diag", "diagonal",
  "diff", "dot", "dstack", "expandDims", "flip", "fliplr", "flipud", "hstack", "inner", "isin",
  "matrixTranspose", "max", "meshgrid", "min", "moveaxis", "outer", "pad", "prod", "ptp", "ravel",
  "repeat", "reshape", "roll", "rot90", "sort", "split", "squeeze", "stack", "sum", "swapaxes",
  "tensordot", "tile", "trace", "transpose", "tril", "triu", "unstack", "vdot", "vecdot",
  "vstack",
] as const;

type Elementwise = (typeof elementwise)[number] & keyof JaxNumpy;
type Structural = (typeof structural)[number] & keyof JaxNumpy;

/**
 * NumPy's matrix product with broadcast batch axes. (jax-js 0.1.25 moves the batch axis of a 2-D by 3-D product
 * behind the rows.)
 */
function matmul(x: Tensor, y: Tensor): Tensor {
  if (x.ndim === 0 || y.ndim === 0)
    throw new ShapeError("np.matmul", "both operands need at least one axis.");
  if (x.ndim <= 2 && y.ndim <= 2) return raw.matmul(x, y) as Tensor;
  if (x.ndim === 1)
    return matmul(x.reshape([1, ...x.shape]), y).reshape([...y.shape.slice(0, -2), y.shape.at(-1)!]);
  if (y.ndim === 1) return matmul(x, y.reshape([...y.shape, 1])).reshape(x.shape.slice(0, -1));
  const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const spread = (a: Tensor) => raw.broadcastTo(a, [...batch, ...a.shape.slice(-2)]) as Tensor;
  return raw.matmul(spread(x), spread(y)) as Tensor;
}

/** Matrices [..., m, n] times vectors [..., n]. */
const matvec = (x: Tensor, y: Tensor): Tensor =>
  matmul(x, y.reshape([...y.shape, 1])).reshape(matvecShape(x, y));

function matvecShape(x: Tensor, y: Tensor): number[] {
  return [...broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -1)), x.shape.at(-2)!];
}

/** Vectors [..., n] times matrices [..., n, m]. */
const vecmat = (x: Tensor, y: Tensor): Tensor => matvec(y.transpose(swapLast(y.ndim)), x);

function swapLast(rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
}

function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError("np.matmul", `batch axes [${a.join(",")}] and [${b.join(",")}] do not broadcast.`);
    }
    return Math.max(m, n);
  });
}

/** x to the power y. A small integer exponent is repeated multiplication: exact, and differentiable at 0. */
function power(x: TensorLike, y: TensorLike): Tensor {
  if (integers.isWholePower(x, y)) return integers.wholePower(x, y);
  if (typeof y !== "number" || !Number.isInteger(y) || Math.abs(y) > 64 || !isTensor(x)) {
    if (y === 0.5 && isTensor(x)) return raw.sqrt(x) as Tensor;
    return floatPower(x, y);
  }
  let result: Tensor | undefined;
  let square = x;
  for (let n = Math.abs(y); n > 0; n >>= 1) {
    if (n & 1) result = result === undefined ? square : result.mul(square);
    if (n > 1) square = square.mul(square);
  }
  if (result === undefined) return onesLike(x);
  return y < 0 ? (raw.reciprocal(result) as Tensor) : result;
}

/** To whole numbers, halves to the even one; or to so many decimals (before the point if negative). */
function round(x: TensorLike, decimals = 0): Tensor {
  const value = isTensor(x) ? x : array(x as number);
  if (decimals === 0 || !isFloat(value.dtype)) return integers.round(x, decimals);
  const scale = 10 ** Math.abs(decimals);
  // In float64, where dividing by a power of ten leaves no trace in float32.
  const by = (y: Tensor, isUp: boolean) =>
    isUp ? y.mul(scale) : y.astype("float64").div(scale).astype(y.dtype);
  return by(integers.round(by(value, decimals > 0)), decimals < 0);
}

const mean = (x: Tensor, axis: Axis = null, options: ReduceOptions = {}): Tensor => x.mean(axis, options);

/** Variance; `correction` 1 gives the unbiased estimate. */
function variance(x: Tensor, axis: Axis = null, options: VarianceOptions = {}): Tensor {
  const { correction: _correction, ddof: _ddof, ...reduce } = options;
  const correction = correctionOf("np.var", options);
  const deviation = x.sub(x.mean(axis, { keepdims: true }));
  const summed = deviation.mul(deviation).sum(axis, reduce);
  const count = x.size / Math.max(1, summed.size);
  return summed.mul(1 / (count - correction));
}

const std = (x: Tensor, axis: Axis = null, options: VarianceOptions = {}): Tensor =>
  raw.sqrt(variance(x, axis, options)) as Tensor;

const raw = Object.fromEntries([
  ...elementwise.map((name) => [name, liftElementwise(name, jax.numpy[name as keyof JaxNumpy])]),
  ...[...structural, "matmul"].map((name) => [name, liftStructural(name, jax.numpy[name as keyof JaxNumpy])]),
]) as Record<Elementwise | Structural | "matmul", (...args: unknown[]) => unknown>;

/** Functions that are not lifted but written here. */
interface OwnFunctions {
  array: typeof array;
  full: typeof full;
  zeros: typeof zeros;
  ones: typeof ones;
  fullLike: typeof fullLike;
  zerosLike: typeof zerosLike;
  onesLike: typeof onesLike;
  eye: typeof eye;
  arange: typeof arange;
  linspace: typeof linspace;
  matmul: typeof matmul;
  matvec: typeof matvec;
  vecmat: typeof vecmat;
  einsum: typeof einsum;
  take: typeof take;
  takeAlongAxis: typeof takeAlongAxis;
  pad: ReturnType<typeof padBy>;
  power: typeof power;
  pow: typeof power;
  round: typeof round;
  mean: typeof mean;
  var: typeof variance;
  std: typeof std;
  /** The remainder with the sign of the divisor, as NumPy's %. */
  mod: (x: TensorLike, y: TensorLike) => Tensor;
  /** The dtypes by name, and the index that makes a new axis, for those who write `np.float32` and `np.newaxis`. */
  float32: "float32";
  float64: "float64";
  int32: "int32";
  uint32: "uint32";
  bool: "bool";
  newaxis: null;
  pi: number;
  e: number;
  inf: number;
  nan: number;
}

const own: OwnFunctions = {
  array,
  full,
  zeros,
  ones,
  fullLike,
  zerosLike,
  onesLike,
  eye,
  arange,
  linspace,
  matmul,
  matvec,
  vecmat,
  einsum,
  take,
  takeAlongAxis,
  pad: padBy(raw.pad),
  power,
  pow: power,
  round,
  mean,
  var: variance,
  std,
  mod: (x, y) => (mended.remainder as (a: TensorLike, b: TensorLike) => Tensor)(x, y),
  float32: "float32",
  float64: "float64",
  int32: "int32",
  uint32: "uint32",
  bool: "bool",
  newaxis: null,
  pi: Math.PI,
  e: Math.E,
  inf: Infinity,
  nan: NaN,
};

/** Functions of jax-js that are replaced by exact ones of the same signature; see `exact.ts`. */
const logical = (name: "logicalAnd" | "logicalOr" | "logicalXor" | "logicalNot") => {
  return (...args: TensorLike[]) => raw[name](...args.map(truth));
};
const comparison = (name: Comparison) => (x: TensorLike, y: TensorLike) => compare(name, x, y);
const rounding = (name: "floor" | "ceil" | "trunc" | "rint") => integers.liftRounding(name, jax.numpy[name]);

/** 0, y or 1 by the sign of x; NaN where x is. */
const heaviside = (x: TensorLike, y: TensorLike): Tensor =>
  where(compare("equal", x, x), raw.heaviside(x, y) as Tensor, NaN);

const limits = { maximum: raw.maximum, minimum: raw.minimum } as Limits;

const mended: Partial<Record<Elementwise | Structural, unknown>> = {
  argmax,
  argmin,
  bitwiseNot: integers.bitwiseNot,
  clip: clipBy(limits),
  asin: arcs.asin,
  arcsin: arcs.asin,
  atan: arcs.atan,
  arctan: arcs.atan,
  tan: arcs.tan,
  abs: exact.abs,
  absolute: exact.abs,
  acos: arcs.acos,
  arccos: arcs.acos,
  acosh: exact.acosh,
  arccosh: exact.acosh,
  asinh: exact.asinh,
  arcsinh: exact.asinh,
  atan2: exact.atan2,
  arctan2: exact.atan2,
  atanh: exact.atanh,
  arctanh: exact.atanh,
  cbrt: exact.cbrt,
  cos: sines.cos,
  cosh: exact.cosh,
  exp2: exact.exp2,
  expm1: exact.expm1,
  diagonal: diagonalBy(raw.diagonal),
  heaviside,
  hypot: exact.hypot,
  log: exact.log,
  log10: exact.log10,
  log1p: exact.log1p,
  log2: exact.log2,
  logaddexp: exact.logaddexp,
  logaddexp2: exact.logaddexp2,
  ceil: rounding("ceil"),
  equal: comparison("equal"),
  divide,
  floor: rounding("floor"),
  floorDivide,
  fmax: integers.liftExtremum("fmax"),
  fmin: integers.liftExtremum("fmin"),
  fmod,
  greater: comparison("greater"),
  greaterEqual: comparison("greaterEqual"),
  isfinite: integers.liftQuestion("isfinite", jax.numpy.isfinite, true),
  isinf: integers.liftQuestion("isinf", jax.numpy.isinf, false),
  isnan: integers.liftQuestion("isnan", jax.numpy.isnan, false),
  leftShift: integers.leftShift,
  less: comparison("less"),
  lessEqual: comparison("lessEqual"),
  nanToNum,
  notEqual: comparison("notEqual"),
  remainder,
  rightShift: integers.rightShift,
  rint: rounding("rint"),
  trueDivide: divide,
  trunc: rounding("trunc"),
  where,
  multiply: integers.multiply,
  logicalAnd: logical("logicalAnd"),
  logicalNot: logical("logicalNot"),
  logicalOr: logical("logicalOr"),
  logicalXor: logical("logicalXor"),
  all: (x: Tensor, axis: Axis = null, options: ReduceOptions = {}) => x.all(axis, options),
  any: (x: Tensor, axis: Axis = null, options: ReduceOptions = {}) => x.any(axis, options),
  sum: (x: Tensor, axis: Axis = null, options: ReduceOptions = {}) => x.sum(axis, options),
  cumprod,
  prod,
  roll: rollBy(raw.roll),
  sign: exact.sign,
  trace: traceBy(raw.diagonal),
  sin: sines.sin,
  sinc: exact.sinc,
  sinh: exact.sinh,
  tanh: exact.tanh,
};

/** The namespace of array functions. */
export type Np = {
  [Name in Exclude<Elementwise | Structural, keyof OwnFunctions>]: Lifted<JaxNumpy[Name]>;
} & OwnFunctions;

registerArray(array);

export const np: Np = guardAll("np", { ...raw, ...mended, ...own } as Np, npSignatures, {
  isOpen: true,
});
