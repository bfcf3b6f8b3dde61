/**
 * Tangents that may grow without end: a matrix times a power of two that is kept beside it, so that products of
 * Jacobians neither overflow nor lose digits. The logarithms of their norms are exact for any number of steps.
 */
import { type Tensor, np, tree } from "../array/index.ts";

/** rows · 2^(200 exponent), exponent >= 0. */
export interface ScaledRows {
  /** float64 [directions, size]. */
  rows: Tensor;
  /** int32. */
  exponent: Tensor;
}

/** Rows are brought back when they pass 2^±200: far from overflow even squared, and rarely reached. */
const shift = 200;
const [large, small] = [2 ** shift, 2 ** -shift];
const logShift = shift * Math.LN2;
const one: Tensor = tree.scalar(1, "int32");

export function unscaled(rows: Tensor): ScaledRows {
  return { rows, exponent: tree.scalar(0, "int32") };
}

/** 2^(-200 exponent): what is added to the rows has to be multiplied by it. */
export function inverseScale({ exponent }: ScaledRows): Tensor {
  return np.exp(exponent.astype("float64").mul(-logShift));
}

/** ln 2^(200 exponent). */
export function logScale({ exponent }: ScaledRows): Tensor {
  return exponent.astype("float64").mul(logShift);
}

/** The same value with rows of moderate size. */
export function rescaled({ rows, exponent }: ScaledRows): ScaledRows {
  const top = np.abs(rows).max();
  const isLarge = top.greater(large);
  const isSmall = np.logicalAnd(np.logicalAnd(top.less(small), top.greater(0)), exponent.greater(0));
  const unit = np.ones([], { dtype: "float64" });
  const factor = np.where(isLarge, unit.mul(small), np.where(isSmall, unit.mul(large), unit));
  const moved = np.where(isLarge, exponent.add(one), np.where(isSmall, exponent.sub(one), exponent));
  return { rows: rows.mul(factor), exponent: moved };
}

/** ln of the Frobenius norm of a part of the rows; -Infinity for zeros. */
export function logNorm(part: Tensor, scaled: ScaledRows): Tensor {
  const top = np.abs(part).max();
  const isZero = top.equal(0);
  const by = np.where(isZero, np.ones([], { dtype: "float64" }), top);
  const moderate = part.div(by);
  const log = np.log(moderate.mul(moderate).sum()).mul(0.5).add(np.log(by)).add(logScale(scaled));
  return np.where(isZero, np.zeros([], { dtype: "float64" }).sub(Infinity), log);
}

/** ln of the sizes of the elements of a part of the rows; -Infinity for zeros. */
export function logSizes(part: Tensor, scaled: ScaledRows): Tensor {
  const size = np.abs(part);
  const isZero = size.equal(0);
  const log = np.log(np.where(isZero, np.onesLike(size), size)).add(logScale(scaled));
  return np.where(isZero, np.zerosLike(size).sub(Infinity), log);
}
