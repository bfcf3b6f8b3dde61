/**
 * What each function of arrays does with dtypes. The rule is in docs/decisions/010-dtype-promotion.md: operands are
 * cast to the first of bool < int32, uint32 < float32 < float64 that holds them all; the kinds below say from where on.
 */
import type { DType } from "./dtype.ts";

export interface Kind {
  /** The least dtype in which the function computes. Default bool. */
  least?: DType;
  /** What it says to operands that are all bools, where NumPy has no such function. */
  refusesBools?: string;
  /** What it says to floats. */
  refusesFloats?: string;
  /** How many of the first arguments are operands; the others are options. Default all. */
  operands?: number;
  /** Products of bools: counted as int32, and true where the count is not 0. */
  isBoolAgain?: boolean;
}

/** Computed in floats. */
export const floating: Kind = { least: "float32" };
/** In the dtype that the operands share. For bools + is or, * is and, as in NumPy. */
export const arithmetic: Kind = {};
/** Bools count as whole numbers. */
export const counting: Kind = { least: "int32" };
const difference: Kind = {
  refusesBools: 'Use np.logicalXor, or count them as numbers: x.astype("int32").',
};
const negation: Kind = { refusesBools: 'Use np.logicalNot, or count them as numbers: x.astype("int32").' };
const bitwise: Kind = {
  refusesFloats: 'Bits are those of integers and bools: cast it, x.astype("int32").',
};
const shift: Kind = { ...bitwise, ...counting };
const product: Kind = { operands: 2, isBoolAgain: true };
/** Of one operand and options. */
const unary: Kind = { operands: 1 };

const named = (kind: Kind, ...names: string[]): [string, Kind][] => names.map((name) => [name, kind]);

/** By name of the function in `np`, `lax` and `linalg`; every one that is not here is `arithmetic`. */
// prettier-ignore
export const kinds: ReadonlyMap<string, Kind> = new Map([
  ...named(floating, "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin",
    "asinh", "atan", "atan2", "atanh", "cbrt", "copysign", "cos", "cosh", "divide", "erf", "erfc", "exp", "exp2",
    "expm1", "heaviside", "hypot", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "reciprocal", "sin",
    "sinc", "sinh", "sqrt", "tan", "tanh", "trueDivide"),
  ...named({ ...floating, operands: 1 }, "cholesky", "det", "eigh", "eigvalsh", "inv", "lu", "matrixNorm",
    "matrixPower", "slogdet", "svd", "vectorNorm"),
  ...named({ ...floating, operands: 2 }, "solve", "triangularSolve", "lstsq"),
  ...named(difference, "subtract"),
  ...named({ ...difference, operands: 2 }, "cross"),
  ...named({ ...difference, operands: 1 }, "ptp"),
  ...named(negation, "negative", "positive", "sign"),
  ...named(counting, "floorDivide", "fmod", "remainder", "power"),
  ...named({ ...counting, operands: 1 }, "sum", "prod", "cumsum", "cumprod", "trace"),
  ...named(bitwise, "bitwiseAnd", "bitwiseOr", "bitwiseXor", "bitwiseNot"),
  ...named(shift, "leftShift", "rightShift"),
  ...named(product, "convGeneralDilated", "convolve", "correlate", "dot", "einsum", "inner", "matmul", "tensordot",
    "vdot", "vecdot"),
  ...named({ operands: 2 }, "isin"),
  ...named(unary, "nanToNum", "rint", "round", "floor", "ceil", "trunc", "isnan", "isinf", "isfinite"),
]);

/** Functions whose first argument is a list of operands. */
export const listed: ReadonlySet<string> = new Set([
  "columnStack",
  "concatenate",
  "dstack",
  "hstack",
  "stack",
  "vstack",
]);

/** Functions of two operands, besides the elementwise ones. */
export const paired: ReadonlySet<string> = new Set([
  ...[...kinds].filter(([, kind]) => kind === product).map(([name]) => name),
  "cross",
  "isin",
  "outer",
]);
