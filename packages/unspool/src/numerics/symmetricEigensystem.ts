/**
 * Eigenvalues and eigenvectors of symmetric matrices by Jacobi rotations (Golub and Van Loan, algorithm 8.5.3), whose
 * vectors stay orthonormal whatever the eigenvalues.
 */

export interface SymmetricEigensystem {
  /** Falling. */
  values: Float64Array;
  /** `vectors[k]` is the unit vector [n] of `values[k]`. */
  vectors: Float64Array[];
}

/** Of a symmetric matrix [n, n], which is left as it is. Cost: about 50 n³. */
export function symmetricEigensystem(matrix: Float64Array, n: number): SymmetricEigensystem {
  const a = matrix.slice();
  const columns = diagonalise(a, n);
  const order = Array.from({ length: n }, (_, k) => k).toSorted((i, j) => a[j * n + j]! - a[i * n + i]!);
  return {
    values: Float64Array.from(order, (k) => a[k * n + k]!),
    vectors: order.map((k) => Float64Array.from({ length: n }, (_, i) => columns[i * n + k]!)),
  };
}

const mostSweeps = 60;

/** Rotates the symmetric matrix `a` [n, n] until it is diagonal; returns the product of the rotations: eigenvectors as columns. */
export function diagonalise(a: Float64Array, n: number): Float64Array {
  const vectors = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0, isRotated = true; isRotated && sweep < mostSweeps; sweep++) {
    isRotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) isRotated = rotate(a, vectors, n, p, q) || isRotated;
    }
  }
  return vectors;
}

function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): boolean {
  const [off, app, aqq] = [a[p * n + q]!, a[p * n + p]!, a[q * n + q]!];
  if (Math.abs(off) <= 2 ** -53 * Math.sqrt(Math.abs(app * aqq)) || Math.abs(off) < 1e-300) return false;
  const tau = (aqq - app) / (2 * off);
  const tangent = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  const rotate = (m: Float64Array, i: number, j: number): void => {
    const [x, y] = [m[i]!, m[j]!];
    m[i] = cosine * x - sine * y;
    m[j] = sine * x + cosine * y;
  };
  for (let k = 0; k < n; k++) rotate(a, k * n + p, k * n + q);
  for (let k = 0; k < n; k++) rotate(a, p * n + k, q * n + k);
  for (let k = 0; k < n; k++) rotate(vectors, k * n + p, k * n + q);
  return true;
}
