/** How the linear system of an implicit derivative is solved: `implicitRoot` and `implicitFixedPoint` take one. */
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import { type Tensor, linalg, np, tree, vjp, vmap } from "../array/index.ts";
import { conjugateGradients } from "./conjugateGradients.ts";
import { neumannSeries } from "./neumannSeries.ts";
import { isSymmetric, requireTolerance, residualOf, trusted } from "./trustedSolution.ts";
import { asVector, fromVector } from "./vectors.ts";

export interface LinearSolver {
  /** For errors and recipes. */
  name: string;
  /** Right only for symmetric matrices: products with the transpose are never asked for. */
  isSymmetric: boolean;
  /** x with A x = b, given v -> A v; all trees like b. */
  solve<T>(matvec: (v: T) => T, b: T): T;
}

export interface ConjugateGradientOptions {
  /** Products with A (two each of `normalEquations`). Default: the number of unknowns, at most 100. */
  steps?: number;
  /**
   * The largest |b - A x| / |b| of a solution: the derivative is NaN where `steps` do not reach it. Default 1e-6 in float64
   * and 1e-3 in float32 without `steps`; none with them, which are then taken as they are.
   */
  tolerance?: number;
}

const stepsFor = (b: unknown, { steps }: ConjugateGradientOptions): number =>
  steps ?? Math.min(100, tree.size(b));

/** The tolerance that holds, undefined where there is none. */
function toleranceFor(b: unknown, { steps, tolerance }: ConjugateGradientOptions): number | undefined {
  if (tolerance !== undefined || steps !== undefined) return tolerance;
  return tree.floatType(b) === "float64" ? 1e-6 : 1e-3;
}

/** x of conjugate gradients on A x = b, NaN where that is no solution of `product` and `right`. */
function solved<T>(
  options: ConjugateGradientOptions,
  product: (v: T) => T,
  b: T,
  right: [(v: T) => T, T],
): T {
  const { x } = conjugateGradients(product, b, stepsFor(b, options));
  const tolerance = toleranceFor(b, options);
  return tolerance === undefined ? x : trusted(x, residualOf(...right, x).lessEqual(tolerance) as Tensor);
}

/**
 * Conjugate gradients, for symmetric positive definite A: the second derivative of an inner problem at its minimum. They
 * stop early inside of the loop where the residual is rounding. Derivatives are NaN where A is not symmetric, which two
 * products more tell (`normalEquations` and `direct` are for any A), and where the steps do not reach `tolerance`.
 */
export function conjugateGradient(options: ConjugateGradientOptions = {}): LinearSolver {
  check("conjugateGradient", options);
  return {
    name: "conjugateGradient",
    isSymmetric: true,
    solve: (matvec, b) => trusted(solved(options, matvec, b, [matvec, b]), isSymmetric(matvec, b)),
  };
}

/**
 * Conjugate gradients on AᵀA x = Aᵀb, for any invertible A; the condition number counts twice. Derivatives are NaN where
 * the steps do not reach `tolerance`.
 */
export function normalEquations(options: ConjugateGradientOptions = {}): LinearSolver {
  check("normalEquations", options);
  return {
    name: "normalEquations",
    isSymmetric: false,
    solve<T>(matvec: (v: T) => T, b: T): T {
      const transposed = (w: T): T => vjp(matvec, [tree.zerosLike(b)], w)[1][0] as T;
      return solved(options, (v: T) => transposed(matvec(v)), transposed(b), [matvec, b]);
    },
  };
}

export interface NeumannOptions {
  /** Terms of the series. Default 20. */
  terms?: number;
  /**
   * The largest |b - A x| / |b| of a solution: the derivative is NaN where `terms` do not reach it. Default 1e-3 without
   * `terms`, which is what 20 leave where a map contracts by 0.7; none with them, which are then taken as they are.
   */
  tolerance?: number;
  /** Step size: the eigenvalues of 1 - alpha A must be below 1 in size. Default 1, for fixed points of contractions. */
  alpha?: number;
}

/**
 * The truncated Neumann series, alpha Σ_{j < terms} (1 - alpha A)ʲ b: as many steps of a contraction, differentiated. Its
 * error falls with the contraction's rate to the power of `terms`; where A has eigenvalues that `alpha` does not bring below 1
 * in size, it grows with that power instead. Derivatives are NaN where the terms do not reach `tolerance`: take more, or
 * another solver.
 */
export function neumann(options: NeumannOptions = {}): LinearSolver {
  requireKnownOptions("neumann", options, ["terms", "alpha", "tolerance"]);
  const { terms = 20, alpha = 1 } = options;
  requireTolerance("neumann", options.tolerance);
  const tolerance = options.tolerance ?? (options.terms === undefined ? 1e-3 : undefined);
  requireInteger("neumann", "terms", terms, 1);
  requirePositive("neumann", "alpha", alpha);
  return {
    name: "neumann",
    isSymmetric: false,
    solve(matvec, b) {
      const { q } = neumannSeries(matvec, b, { terms, alpha });
      return tolerance === undefined
        ? q
        : trusted(q, residualOf(matvec, b, q).lessEqual(tolerance) as Tensor);
    },
  };
}

/** Most unknowns of a dense matrix: 500² elements, and as many products with A. */
const mostUnknowns = 500;

/** A written out from its products with the unit vectors, and LU: exact, for at most 500 unknowns. */
export function direct(): LinearSolver {
  return {
    name: "direct",
    isSymmetric: false,
    solve(matvec, b) {
      const right = asVector(b);
      if (right.size > mostUnknowns) {
        const hint = "Use conjugateGradient(), normalEquations() or neumann(), which need products only.";
        throw new OptionError(
          "direct",
          "the number of unknowns",
          right.size,
          `at most ${mostUnknowns}`,
          hint,
        );
      }
      const columns = vmap((unit: typeof right) => asVector(matvec(fromVector(b, unit))))(
        np.eye(right.size, { dtype: right.dtype }),
      );
      return fromVector(b, linalg.solve(columns.transpose(), right));
    },
  };
}

function check(where: string, options: ConjugateGradientOptions): void {
  requireKnownOptions(where, options, ["steps", "tolerance"]);
  requireTolerance(where, options.tolerance);
  if (options.steps !== undefined) requireInteger(where, "steps", options.steps, 1);
}
