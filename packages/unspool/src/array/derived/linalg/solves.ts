/** Solving, inverting, determinants and powers on the LU and Cholesky factors of jax-js, with checked operands. */
import { OptionError, ShapeError } from "../../../errors.ts";
import { linalg as base } from "../../linalg.ts";
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat, asFloats, asTensor } from "../arguments.ts";
import { asSquare, identityLike } from "./matrices.ts";

type One = (x: Tensor) => Tensor;

/** X with A X = B: b is a vector [n], or matrices [..., n, k]. NaN or infinite where A is singular. */
export function solve(x: ArrayLike, y: ArrayLike): Tensor {
  const [a, b] = asFloats(asSquare("linalg.solve", x), asFloat(y)) as [Tensor, Tensor];
  const n = a.shape.at(-1)!;
  const rows = b.ndim === 1 ? b.shape[0] : b.shape.at(-2);
  if (b.ndim === 0 || rows !== n) {
    throw new ShapeError(
      "linalg.solve",
      `b needs ${n} rows for a ${a.toString()}, got ${b.toString()}. A vector is [n], matrices are [..., n, k].`,
    );
  }
  if (a.size > 0 && b.size > 0) return base.solve(a, b);
  // Nothing to solve: zeros of the shape of the product.
  const like = np.matmul(a, b.ndim === 1 ? b.reshape([n, 1]) : b) as Tensor;
  return b.ndim === 1 ? like.reshape(like.shape.slice(0, -1)) : like;
}

/** Inverses of square matrices; NaN or infinite where there is none. */
export function inv(x: ArrayLike): Tensor {
  const a = asSquare("linalg.inv", x);
  return a.size === 0 ? a : solve(a, identityLike(a));
}

/** Determinants [...] of square matrices. Their derivative needs matrices that are invertible. */
export function det(x: ArrayLike): Tensor {
  const a = asSquare("linalg.det", x);
  if (a.size === 0) return np.ones(a.shape.slice(0, -2), { dtype: a.dtype });
  return (base.det as One)(a);
}

/** Sign and logarithm of the absolute value of determinants [...]; 0 and -Infinity where a matrix is singular. */
export function slogdet(x: ArrayLike): [Tensor, Tensor] {
  const a = asSquare("linalg.slogdet", x);
  const shape = a.shape.slice(0, -2);
  if (a.size === 0) return [np.ones(shape, { dtype: a.dtype }), np.zeros(shape, { dtype: a.dtype })];
  return base.slogdet(a);
}

export interface CholeskyOptions {
  /** The upper triangular factor U of A = Uᵀ U. Default false: the lower L of A = L Lᵀ. */
  upper?: boolean;
  /** (A + Aᵀ) / 2 is decomposed, as in JAX. Default true. */
  symmetrizeInput?: boolean;
}

/** Cholesky factors of symmetric positive definite matrices; NaN where a matrix is not. */
export function cholesky(x: ArrayLike, options: CholeskyOptions = {}): Tensor {
  const a = asSquare("linalg.cholesky", x);
  return a.size === 0 ? a : base.cholesky(a, options);
}

/** A to an integer power by repeated squaring; powers below 0 are those of the inverse. */
export function matrixPower(x: ArrayLike, exponent: number): Tensor {
  if (!Number.isInteger(exponent))
    throw new OptionError("linalg.matrixPower", "exponent", exponent, "an integer");
  const given = asTensor(x);
  // Integers stay integers, as in NumPy, unless they are inverted.
  const floats = asSquare("linalg.matrixPower", given);
  if (exponent < 0) return matrixPower(inv(floats), -exponent);
  const a = given.dtype === "bool" ? given.astype("int32") : given;
  let result: Tensor | undefined;
  let square = a;
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = result === undefined ? square : (np.matmul(result, square) as Tensor);
    if (n > 1) square = np.matmul(square, square) as Tensor;
  }
  return result ?? identityLike(a);
}
