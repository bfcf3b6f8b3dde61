/**
 * Eigenvalues and eigenvectors of a symmetric matrix that has no negative eigenvalues. On known elements in float64, by
 * Householder and QL; in a trace by the array engine, with the derivative vᵀ dM v of each eigenvalue. That derivative is right
 * for sums over all eigenvalues also where some coincide, as the zeros of singular factors do; eigenvectors count as
 * constants.
 */
import { type Tensor, lax, linalg, np, tensorOf } from "../array/index.ts";
import { symmetricEigensystem } from "../numerics/index.ts";

export type Spectral = {
  /** [n], none below 0. */
  values: Tensor;
  /** Rows are eigenvectors, [n, n]. */
  vectors: Tensor;
};

/** Errors call the matrix `what`. */
export function spectrumOf(matrix: Tensor, what: string): Spectral {
  if (!matrix.isTraced) return known(matrix, what);
  const [, columns] = linalg.eigh(lax.stopGradient(matrix) as Tensor);
  const vectors = np.transpose(columns) as Tensor;
  const values = np.matmul(vectors, matrix).mul(vectors).sum(1);
  return { values: np.maximum(values, 0) as Tensor, vectors };
}

function known(matrix: Tensor, what: string): Spectral {
  const size = matrix.shape[0]!;
  const { values, vectors } = symmetricEigensystem(
    { size, entries: Float64Array.from(matrix.data) },
    `${what} [${size}, ${size}]`,
  );
  return {
    values: tensorOf(
      values.map((x) => Math.max(x, 0)),
      [size],
      "float64",
    ),
    vectors: tensorOf(vectors, [size, size], "float64"),
  };
}
