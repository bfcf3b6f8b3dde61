/**
 * Inverse roots of symmetric positive matrices by eigendecomposition, with a derivative that equal eigenvalues do
 * not upset.
 *
 *     A = V D Vᵀ;   A^-q = V (f + F ∘ (Vᵀ A V - D)) Vᵀ,   f = max(D, floor)^-q
 *     F_ij = (f_i - f_j) / (d_i - d_j),   and f'(d) where they are nearly equal
 *
 * V, D and F are constants of the derivative: the term in F is 0 but for rounding, and its derivative is that of the
 * matrix function (Daleckii & Krein 1965), forward and backward. Second derivatives are not those of the function.
 */
import { type Tensor, lax, linalg, np } from "../../array/index.ts";

/** What rounding leaves of an eigenvalue that is 0, in units of the largest. */
const rounding = { float32: 1e-6, float64: 1e-15 } as const;

/** Gaps below this part of the eigenvalues' size count as none: there the derivative is more exact than the quotient. */
const nearlyEqual = { float32: 3e-3, float64: 1e-5 } as const;

/**
 * `matrix`^-exponent, [n, n]. Eigenvalues below `floor`, or below what rounding makes of 0 beside the largest, count
 * as that.
 */
export function inverseRoot(matrix: Tensor, exponent: number, floor: number): Tensor {
  const still = lax.stopGradient(matrix) as Tensor;
  // To a largest element of about 1: the decomposition stops at an absolute error.
  const scale = np.abs(still).max();
  const [scaled, vectors] = (linalg.eigh(still.div(scale)) as [Tensor, Tensor]).map(
    (x) => lax.stopGradient(x) as Tensor,
  ) as [Tensor, Tensor];
  const dtype = matrix.dtype === "float64" ? "float64" : "float32";
  const values = np.maximum(scaled.mul(scale), np.maximum(scale.mul(rounding[dtype]), floor));
  const powers = np.exp(np.log(values).mul(-exponent));
  const residual = np
    .matmul(np.matmul(np.matrixTranspose(vectors), matrix), vectors)
    .sub(np.diag(scaled.mul(scale)));
  const inBasis = np.diag(powers).add(residual.mul(dividedDifferences(values, powers, exponent)));
  return np.matmul(np.matmul(vectors, inBasis), np.matrixTranspose(vectors));
}

/** F. */
function dividedDifferences(values: Tensor, powers: Tensor, exponent: number): Tensor {
  const n = values.size;
  const [row, column] = [values.reshape([1, n]), values.reshape([n, 1])];
  const gap = column.sub(row);
  const middle = column.add(row).mul(0.5);
  const dtype = values.dtype === "float64" ? "float64" : "float32";
  const isNear = np.abs(gap).lessEqual(middle.mul(nearlyEqual[dtype]));
  const slope = np.exp(np.log(middle).mul(-exponent - 1)).mul(-exponent);
  const quotient = powers
    .reshape([n, 1])
    .sub(powers.reshape([1, n]))
    .div(np.where(isNear, np.onesLike(gap), gap));
  return np.where(isNear, slope, quotient);
}
