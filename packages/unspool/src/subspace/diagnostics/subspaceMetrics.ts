/**
 * How far the span of features is from the subspace that is sought. With Q an orthonormal basis of the columns of Φ, U one
 * of the target's, and σ_i the singular values of QᵀU, the cosines of the principal angles:
 *
 *     subspace distance   1 - (1/d) Σ σ_i²
 *     Grassmann distance  (Σ arccos² σ_i)^{1/2}
 *     cosine similarity   (Σ σ_i²)^{1/2}
 *
 * In float64 on plain numbers: they are measured while features are learned, and take microseconds.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { orthonormalColumns, singularValues } from "../../numerics/index.ts";
import { columnsOf, sameRows } from "./doubles.ts";

/**
 * Cosines of the principal angles between the columns of Φ [S, d] and of a target [S, k], falling: as many as the target
 * has columns; those that dependent features lack are 0. Throws, as all of these, `OptionError` for a target whose columns
 * are dependent.
 */
export function principalCosines(features: Tensor, target: Tensor): number[] {
  return cosinesOf("principalCosines", features, target);
}

function cosinesOf(where: string, features: Tensor, target: Tensor): number[] {
  const [phi, wanted] = sameRows(where, features, "the target", target);
  const q = orthonormalColumns(columnsOf(phi));
  const u = targetBasis(where, wanted);
  const size = Math.max(q.length, u.length);
  const entries = new Float64Array(size * size);
  q.forEach((a, i) =>
    u.forEach((b, j) => {
      let sum = 0;
      for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
      entries[i * size + j] = sum;
    }),
  );
  const cosines = singularValues({ size, entries }).slice(0, u.length);
  return Array.from(cosines, (sigma) => Math.min(1, sigma));
}

/** An orthonormal basis of a target. Throws `OptionError` where its columns, the zero ones too, are dependent. */
export function targetBasis(where: string, target: Tensor): Float64Array[] {
  const basis = orthonormalColumns(columnsOf(target));
  const columns = target.shape[1]!;
  if (basis.length === columns) return basis;
  throw new OptionError(
    where,
    "the target",
    target,
    `a matrix of independent columns (of ${columns}, ${basis.length} are)`,
    "Distances are of subspaces with as many dimensions as it has columns: leave out those that add none.",
  );
}

/**
 * 1 - (1/d) Σ σ_i²: 0 where features span the target [S, d], 1 where they are orthogonal to it. Throws `ShapeError` for
 * matrices that differ in their rows, `NonFiniteError` for features that are not finite.
 */
export function subspaceDistance(features: Tensor, target: Tensor): number {
  const cosines = cosinesOf("subspaceDistance", features, target);
  // A sum of 1 - σ², so that small distances keep their digits.
  return cosines.reduce((sum, sigma) => sum + (1 - sigma) * (1 + sigma), 0) / cosines.length;
}

/**
 * (Σ arccos² σ_i)^{1/2}. The authors round cosines to six decimals first, which float32 needs for equal spaces to be at 0;
 * in float64 they are at about 1e-8.
 */
export function grassmann(features: Tensor, target: Tensor): number {
  return Math.hypot(...cosinesOf("grassmann", features, target).map(Math.acos));
}

/** (Σ σ_i²)^{1/2}, the Frobenius norm of the target's projection on the features: at most the root of d. */
export function cosineSimilarity(features: Tensor, target: Tensor): number {
  return Math.hypot(...cosinesOf("cosineSimilarity", features, target));
}

/** What of the columns of a target [S, k] lies in the span of features [S, d]: P_Φ U, [S, k], float64. */
export function spanProjection(features: Tensor, target: Tensor): Tensor {
  const [phi, wanted] = sameRows("spanProjection", features, "the target", target);
  const units = orthonormalColumns(columnsOf(phi));
  const [S, k] = wanted.shape as [number, number];
  const projected = new Float64Array(S * k);
  for (const unit of units) {
    for (let column = 0; column < k; column++) {
      let along = 0;
      for (let i = 0; i < S; i++) along += unit[i]! * wanted.data[i * k + column]!;
      for (let i = 0; i < S; i++) projected[i * k + column]! += along * unit[i]!;
    }
  }
  return np.array(projected, { shape: [S, k] });
}
