/**
 * Matrices of which only the diagonal is kept: a tensor [n] stands for a diagonal matrix where one [n, n] is a matrix. So
 * are the second moments of one-hot inputs (embeddings), and those of which a diagonal is all that was asked for.
 */
import { type Tensor, np } from "../../array/index.ts";

/** matrix · x, for x [n, k]. */
export function leftProduct(matrix: Tensor, x: Tensor): Tensor {
  return matrix.ndim === 1 ? matrix.reshape([-1, 1]).mul(x) : np.matmul(matrix, x);
}

/** x · matrix, for x […, n]. */
export function rightProduct(x: Tensor, matrix: Tensor): Tensor {
  return matrix.ndim === 1 ? x.mul(matrix) : np.matmul(x, matrix);
}

export function transposeOf(matrix: Tensor): Tensor {
  return matrix.ndim === 1 ? matrix : np.transpose(matrix);
}

export function traceOf(matrix: Tensor): Tensor {
  return matrix.ndim === 1 ? (matrix.sum() as Tensor) : np.trace(matrix);
}

/** The shape of a matrix of n rows, or of its diagonal. */
export function shapeOf(n: number, isDiagonal: boolean): number[] {
  return isDiagonal ? [n] : [n, n];
}
