/** Matrices that diagnostics are given, in float64. */
import { type Tensor, np } from "../../array/index.ts";
import { NonFiniteError, ShapeError } from "../../errors.ts";

/** A finite matrix in float64. Throws `ShapeError` or `NonFiniteError` otherwise. */
export function finiteMatrix(where: string, what: string, given: Tensor): Tensor {
  if (given.ndim !== 2 || given.size === 0)
    throw new ShapeError(where, `${what} must be a matrix with entries, got ${given.toString()}.`);
  const wide = given.astype("float64");
  const at = wide.data.findIndex((x) => !Number.isFinite(x));
  if (at === -1) return wide;
  const [row, column] = [Math.floor(at / given.shape[1]!), at % given.shape[1]!];
  throw new NonFiniteError(
    where,
    `${what} must be finite, got ${wide.data[at]} at [${row}, ${column}].${what === "the features" ? " Lower the learning rate, or choose a smaller kappa." : ""}`,
    { quantity: what, row, column },
  );
}

/** Φ [S, d] and another matrix with as many rows, both in float64. */
export function sameRows(
  where: string,
  features: Tensor,
  what: string,
  other: Tensor,
): [features: Tensor, other: Tensor] {
  const [phi, wide] = [
    finiteMatrix(where, "the features", features),
    finiteMatrix(where, what, other),
  ] as const;
  if (phi.shape[0] === wide.shape[0]) return [phi, wide];
  throw new ShapeError(
    where,
    `the features and ${what} must have the same rows, got ${features.toString()} and ${other.toString()}.`,
  );
}

/** Columns of a matrix as plain numbers. */
export function columnsOf({ shape, data }: Tensor): Float64Array[] {
  const [rows, columns] = shape as [number, number];
  return Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (__, i) => data[i * columns + j]!),
  );
}

export const transposed = (x: Tensor): Tensor => np.transpose(x) as Tensor;
export const product = (a: Tensor, b: Tensor): Tensor => np.matmul(a, b) as Tensor;

/** A Aᵀ of a matrix [n, m] as plain numbers, [n, n]. */
export function gramOf({ shape, data }: Tensor): Float64Array {
  const [n, m] = shape as [number, number];
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += data[i * m + k]! * data[j * m + k]!;
      gram[i * n + j] = gram[j * n + i] = sum;
    }
  }
  return gram;
}

/** C = Φᵀ Φ / S, [d, d]. */
export function covarianceOf(features: Tensor): Tensor {
  const [S, d] = features.shape as [number, number];
  const gram = gramOf(transposed(features)).map((x) => x / S);
  return np.array(gram, { shape: [d, d] });
}
