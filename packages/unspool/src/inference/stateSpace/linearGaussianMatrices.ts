/** The matrices of linear-Gaussian models, checked, in one dtype. */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { type Parameter, floatParameters, requireFinite, requireNames } from "../../distributions/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { symmetricEigensystem } from "../../numerics/index.ts";

/**
 * x_0 ~ N(m0, P0), x_t = F x_{t-1} + drift + N(0, Q), y_t = G x_t + offset + N(0, R), as tensors. Papers call F also A, and G
 * also C or H; Q also U, and R also V.
 */
export interface LinearGaussianMatrices {
  /** [dx, dx]. */
  F: Tensor;
  /** [dy, dx]. */
  G: Tensor;
  /** Covariance of the transition, [dx, dx]. */
  Q: Tensor;
  /** Covariance of the observation, [dy, dy]. */
  R: Tensor;
  /** Mean of x_0, [dx]. */
  m0: Tensor;
  /** Covariance of x_0, [dx, dx]. */
  P0: Tensor;
  /** [dx]. */
  drift: Tensor;
  /** [dy]. */
  offset: Tensor;
}

/** The same as it may be given: tensors or nested arrays, or numbers where dx and dy are 1. */
export interface GivenMatrices {
  F: Parameter;
  G: Parameter;
  Q: Parameter;
  R: Parameter;
  /** Default 0. */
  m0?: Parameter;
  P0: Parameter;
  /** Default 0. */
  drift?: Parameter;
  /** Default 0. */
  offset?: Parameter;
}

export const matrixNames = ["F", "G", "Q", "R", "m0", "P0", "drift", "offset"] as const;
export type MatrixName = (typeof matrixNames)[number];

/** Words of other texts. */
const aliases: Readonly<Record<string, MatrixName>> = {
  A: "F",
  C: "G",
  H: "G",
  U: "Q",
  V: "R",
  transition: "F",
  emission: "G",
};

/**
 * All matrices as tensors of one float dtype: float64 if one of them is, or the tensor beside which they are used.
 *
 * @throws OptionError for a matrix that is missing, misspelt, not finite or no covariance, where its elements are known.
 * @throws ShapeError where sizes do not fit to F [dx, dx] and G [dy, dx].
 */
export function linearGaussianMatrices(
  where: string,
  given: GivenMatrices,
  beside?: Tensor,
): LinearGaussianMatrices {
  for (const name of Object.keys(given)) {
    const meant = aliases[name];
    if (meant === undefined) continue;
    const allowed = `one of ${matrixNames.join(", ")}`;
    throw new OptionError(where, "the name of a matrix", name, allowed, `Here it is ${meant}.`);
  }
  requireNames(where, given, matrixNames);
  const { F, G, Q, R, P0 } = given;
  const [m0, drift, offset] = [given.m0 ?? 0, given.drift ?? 0, given.offset ?? 0];
  const tensors = floatParameters(where, { F, G, Q, R, m0, P0, drift, offset }).beside(beside);
  const [dx, dy] = [rowsOf(tensors.F), rowsOf(tensors.G)];
  const sized = (name: MatrixName, shape: readonly number[]): Tensor => {
    const x = tensors[name];
    if (String(x.shape) === String(shape)) return x;
    const isNumber = x.ndim === 0;
    if (isNumber && shape.every((n) => n === 1)) return x.reshape([...shape]);
    // A plain 0 for what is left out, and the same mean for all elements.
    if (isNumber && shape.length === 1) return np.broadcastTo(x, [...shape]);
    const hint = x.ndim === 1 && shape.length === 2 ? ` A diagonal is np.diag(${name}).` : "";
    const wanted = `[${shape.join(", ")}]`;
    throw new ShapeError(
      where,
      `${name} must be ${wanted} for dx = ${dx}, dy = ${dy}, got ${x.toString()}.${hint}`,
    );
  };
  const matrices = {
    F: sized("F", [dx, dx]),
    G: sized("G", [dy, dx]),
    Q: sized("Q", [dx, dx]),
    R: sized("R", [dy, dy]),
    m0: sized("m0", [dx]),
    P0: sized("P0", [dx, dx]),
    drift: sized("drift", [dx]),
    offset: sized("offset", [dy]),
  };
  for (const name of ["F", "G", "m0", "drift", "offset"] as const) requireFinite(where, name, matrices[name]);
  for (const name of ["Q", "P0"] as const) requireCovariance(where, name, matrices[name], false);
  requireCovariance(where, "R", matrices.R, true);
  return matrices;
}

const rowsOf = (x: Tensor): number => (x.ndim === 0 ? 1 : x.shape[0]!);

/** Symmetric and positive definite (or semidefinite, to rounding), where elements are known. */
function requireCovariance(where: string, name: MatrixName, x: Tensor, isDefinite: boolean): void {
  if (x.isTraced) return;
  const data = Array.from(x.data, Number);
  const n = x.shape[0]!;
  const size = Math.max(...data.map(Math.abs));
  const rounding = size * (x.dtype === "float64" ? 1e-10 : 1e-4);
  const isSymmetric = data.every((value, at) => {
    return Math.abs(value - data[(at % n) * n + Math.floor(at / n)]!) <= rounding;
  });
  const isSound = isSymmetric && data.every(Number.isFinite);
  const matrix = { size: n, entries: Float64Array.from(data) };
  const least = isSound ? symmetricEigensystem(matrix, name).values[0]! : NaN;
  if (isDefinite ? least > 0 : least >= -rounding) return;
  const allowed = `a symmetric, positive ${isDefinite ? "definite" : "semidefinite"} matrix`;
  throw new OptionError(where, name, n <= 4 ? x.toArray() : x, allowed);
}

/** A⁻¹ B of positive definite matrices A [..., n, n], by the Cholesky factor L of A. */
export function solveFactored(L: Tensor, B: Tensor): Tensor {
  const half = linalg.triangularSolve(L, B, { leftSide: true, lower: true });
  return linalg.triangularSolve(L, half, { leftSide: true, lower: true, transposeA: true });
}

/** (A + Aᵀ) / 2: what rounding did to a covariance is undone. */
export const symmetric = (A: Tensor): Tensor => A.add(np.matrixTranspose(A)).mul(0.5);
