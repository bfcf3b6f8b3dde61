/** What linear algebra asks of its operands: matrices of floats, square where it must be. */
import { ShapeError } from "../../../errors.ts";
import { np } from "../../np.ts";
import { lax } from "../../lax.ts";
import type { Tensor } from "../../tensor.ts";
import { type ArrayLike, asFloat } from "../arguments.ts";

/** A batch of matrices [..., m, n] in a float dtype. */
export function asMatrices(where: string, x: ArrayLike): Tensor {
  const matrix = asFloat(x);
  if (matrix.ndim < 2) throw new ShapeError(where, `needs matrices [..., m, n], got ${matrix.toString()}.`);
  return matrix;
}

/** A batch of square matrices [..., n, n] in a float dtype. */
export function asSquare(where: string, x: ArrayLike): Tensor {
  const matrix = asMatrices(where, x);
  const [m, n] = matrix.shape.slice(-2);
  if (m !== n) throw new ShapeError(where, `needs square matrices [..., n, n], got ${matrix.toString()}.`);
  return matrix;
}

export function transposed(x: Tensor): Tensor {
  const rank = x.ndim;
  return x.transpose(Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)));
}

/**
 * The largest absolute element of each matrix, [..., 1, 1]: of elements divided by it squares neither overflow nor vanish.
 * 1 for a matrix of zeros, and where an element is not finite. A constant to derivatives.
 */
export function scales(x: Tensor): Tensor {
  if (x.size === 0) return np.ones([...x.shape.slice(0, -2), 1, 1], { dtype: x.dtype });
  const largest = lax.stopGradient(np.abs(x).max([-2, -1], { keepdims: true })) as Tensor;
  const isPlain = np.logicalAnd(largest.greater(0), largest.less(Infinity)) as Tensor;
  return np.where(isPlain, largest, 1) as Tensor;
}

/** Identity matrices for every matrix of a batch. */
export function identityLike(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  return np.broadcastTo(np.eye(n, n, { dtype: x.dtype }), [...x.shape.slice(0, -2), n, n]) as Tensor;
}
