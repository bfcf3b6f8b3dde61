/** Solutions with a dense Hessian: pseudo-inverse and damped inverse, for few weights. */
import { type Tensor, linalg, np, vmap } from "../array/index.ts";
import { asVector, fromVector } from "./vectors.ts";

/** H [p, p] in float64, from its products with the unit vectors. */
export function denseMatrix<T>(product: (v: T) => T, like: T): Tensor {
  const { size, dtype } = asVector(like);
  const rows = vmap((unit: Tensor) => asVector(product(fromVector(like, unit))))(np.eye(size, { dtype }));
  const wide = rows.astype("float64");
  // Products with rounding errors of their own are not exactly symmetric.
  return wide.add(wide.transpose()).mul(0.5);
}

export interface PseudoInverse<T> {
  q: T;
  /** Eigenvalues that count: largest over smallest, in size; 1 where none does. */
  condition: Tensor;
  /** Eigenvalues that were taken for 0. */
  nullity: Tensor;
}

/** H⁺ v by eigenvalues, of which those below `rtol` times the largest count as 0. */
export function pseudoInverse<T>(matrix: Tensor, v: T, rtol: number): PseudoInverse<T> {
  const [values, vectors] = linalg.eigh(matrix);
  const sizes = np.abs(values);
  const largest = sizes.max();
  const counts = sizes.greater(largest.mul(rtol));
  const inverse = np
    .where(counts, 1, 0)
    .astype("float64")
    .div(np.where(counts, values, 1));
  const inside = np.matmul(vectors.transpose(), asVector(v).astype("float64"));
  return {
    q: fromVector(v, np.matmul(vectors, inside.mul(inverse))),
    condition: np
      .where(largest.greater(0), largest, 1)
      .div(np.where(counts, sizes, np.where(largest.greater(0), largest, 1)).min()),
    nullity: np.where(counts, 0, 1).sum(),
  };
}

/** (H + eps I)⁻¹ v. */
export function dampedInverse<T>(matrix: Tensor, v: T, eps: number): T {
  const damped = matrix.add(np.eye(matrix.shape[0]!, { dtype: "float64" }).mul(eps));
  return fromVector(v, linalg.solve(damped, asVector(v).astype("float64")));
}
