/** A symmetric positive definite matrix: that it is one, its eigenvalues, and the inverse of its root. */
import { OptionError } from "../errors.ts";
import { symmetricEigensystem } from "./symmetricEigensystem.ts";

export interface PositiveDefinite {
  /** Rising, [n]. */
  values: Float64Array;
  /** H^(-1/2), the symmetric one, [n][n]. */
  inverseRoot: number[][];
}

/** Elements that should be equal may differ by this part of the largest. */
const tolerance = 1e-12;

/** Throws `OptionError` of `where` for an `option` that is not such a matrix. Cost: about 10 n³ operations. */
export function positiveDefinite(
  where: string,
  option: string,
  rows: readonly (readonly number[])[],
): PositiveDefinite {
  const n = rows.length;
  const refused = (): OptionError =>
    new OptionError(where, option, rows, "a symmetric positive definite matrix");
  const size = Math.max(...rows.flat().map(Math.abs));
  const isFit = rows.every(
    (row, i) =>
      row.length === n &&
      row.every((x, j) => Number.isFinite(x) && Math.abs(x - rows[j]![i]!) <= tolerance * size),
  );
  if (n === 0 || !isFit) throw refused();
  const { values, vectors } = symmetricEigensystem({ size: n, entries: Float64Array.from(rows.flat()) });
  // Below the rounding of the largest eigenvalue none is told from 0.
  if (!(values[0]! > n * Number.EPSILON * values[n - 1]!)) throw refused();
  const inverseRoot = rows.map((_, i) =>
    rows.map((__, j) =>
      values.reduce(
        (sum, value, k) => sum + (vectors[k * n + i]! * vectors[k * n + j]!) / Math.sqrt(value),
        0,
      ),
    ),
  );
  return { values, inverseRoot };
}
