/**
 * Matrices with a chosen spectrum, Ψ = U diag(σ) Vᵀ: with U and V random (the factors of a matrix of normals, as in the
 * authors' tasks), or with Householder reflections, so that every entry is a formula.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { orthonormalColumns } from "../../numerics/index.ts";
import { columnsOf } from "../diagnostics/doubles.ts";

export interface SyntheticPsiOptions {
  /** S. Default 10. */
  rows?: number;
  /** T. Default 10. */
  columns?: number;
  /**
   * Singular values: those of standard normal entries ("normal", the default), evenly from 1000 down to 1 ("linear"), evenly
   * in their logarithm ("exp"), or the values themselves, min(S, T) of them.
   */
  spectrum?: "normal" | "linear" | "exp" | readonly number[];
  /**
   * U = I - 2 a aᵀ / |a|² with a = (1, 2, …, S) and V the same of (1, -2, 3, …): no random numbers. Needs a spectrum other
   * than "normal". Default false.
   */
  isHouseholder?: boolean;
}

/** Ψ [S, T] in float64. The key is of the random factors. */
export function syntheticPsi(key: Key, options: SyntheticPsiOptions = {}): Tensor {
  const where = "syntheticPsi";
  requireKnownOptions(where, options, ["rows", "columns", "spectrum", "isHouseholder"]);
  const { rows = 10, columns = 10, spectrum = "normal", isHouseholder = false } = options;
  requireInteger(where, "rows", rows, 1);
  requireInteger(where, "columns", columns, 1);
  const normals = (): Tensor => random.normal(key, [rows, columns], { dtype: "float64" });
  if (spectrum === "normal") {
    if (!isHouseholder) return normals();
    throw new OptionError(
      where,
      "spectrum",
      spectrum,
      '"linear", "exp" or values where isHouseholder is set',
    );
  }
  const rank = Math.min(rows, columns);
  const values = spectrumOf(where, spectrum, rank);
  const factor = (name: string, size: number): Tensor => {
    const draws = random.normal(random.foldIn(key, name), [size, rank], { dtype: "float64" });
    const units = orthonormalColumns(columnsOf(draws));
    return np.transpose(np.stack(units.map((unit) => np.array(unit)))) as Tensor;
  };
  const signs = (size: number, alternates: boolean) =>
    Array.from({ length: size }, (_, i) => (alternates && i % 2 === 1 ? -(i + 1) : i + 1));
  const u = isHouseholder ? reflection(signs(rows, false), rank) : factor("rows", rows);
  const v = isHouseholder ? reflection(signs(columns, true), rank) : factor("columns", columns);
  return np.matmul(u.mul(np.array(values, { dtype: "float64" })), np.transpose(v) as Tensor) as Tensor;
}

function spectrumOf(where: string, spectrum: "linear" | "exp" | readonly number[], rank: number): number[] {
  const share = (i: number): number => (rank === 1 ? 1 : (rank - 1 - i) / (rank - 1));
  if (spectrum === "linear") return Array.from({ length: rank }, (_, i) => 1 + 999 * share(i));
  if (spectrum === "exp") return Array.from({ length: rank }, (_, i) => 10 ** (3 * share(i)));
  const isFine = Array.isArray(spectrum) && spectrum.length === rank && spectrum.every((x) => x >= 0);
  if (isFine) return [...spectrum];
  const allowed = `"normal", "linear", "exp" or ${rank} numbers of at least 0`;
  throw new OptionError(where, "spectrum", spectrum, allowed);
}

/** The first columns of I - 2 v vᵀ / |v|². */
function reflection(v: readonly number[], columns: number): Tensor {
  const square = v.reduce((sum, x) => sum + x * x, 0);
  const lines = v.map((x, i) =>
    Array.from({ length: columns }, (_, j) => (i === j ? 1 : 0) - (2 * x * v[j]!) / square),
  );
  return np.array(lines, { dtype: "float64" });
}

/** The 20 by 20 matrix with singular values 10, 9, 8, 7, 1, …, 1 on which methods are compared: d = 4. */
export function g20(): Tensor {
  const spectrum = [10, 9, 8, 7, ...Array<number>(16).fill(1)];
  return syntheticPsi(random.key(0), { rows: 20, columns: 20, spectrum, isHouseholder: true });
}
