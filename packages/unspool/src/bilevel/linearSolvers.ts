/** How the linear system of an implicit derivative is solved: `implicitRoot` and `implicitFixedPoint` take one. */
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import { linalg, np, tree, vjp, vmap } from "../array/index.ts";
import { conjugateGradients } from "./conjugateGradients.ts";
import { neumannSeries } from "./neumannSeries.ts";
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
}

const stepsFor = (b: unknown, { steps }: ConjugateGradientOptions): number =>
  steps ?? Math.min(100, tree.size(b));

/**
 * Conjugate gradients, for symmetric positive definite A: the second derivative of an inner problem at its minimum. They
 * stop early inside of the loop where the residual is rounding.
 */
export function conjugateGradient(options: ConjugateGradientOptions = {}): LinearSolver {
  check("conjugateGradient", options);
  return {
    name: "conjugateGradient",
    isSymmetric: true,
    solve: (matvec, b) => conjugateGradients(matvec, b, stepsFor(b, options)).x,
  };
}

/** Conjugate gradients on AᵀA x = Aᵀb, for any invertible A; the condition number counts twice. */
export function normalEquations(options: ConjugateGradientOptions = {}): LinearSolver {
  check("normalEquations", options);
  return {
    name: "normalEquations",
    isSymmetric: false,
    solve<T>(matvec: (v: T) => T, b: T): T {
      const transposed = (w: T): T => vjp(matvec, [tree.zerosLike(b)], w)[1][0] as T;
      return conjugateGradients((v: T) => transposed(matvec(v)), transposed(b), stepsFor(b, options)).x;
    },
  };
}

export interface NeumannOptions {
  /** Terms of the series. Default 20. */
  terms?: number;
  /** Step size: the eigenvalues of 1 - alpha A must be below 1 in size. Default 1, for fixed points of contractions. */
  alpha?: number;
}

/**
 * The truncated Neumann series, alpha Σ_{j < terms} (1 - alpha A)ʲ b: as many steps of a contraction, differentiated. Its
 * error falls with the contraction's rate to the power of `terms`; where A has eigenvalues that `alpha` does not bring below 1
 * in size, it grows with that power instead, without a word.
 */
export function neumann(options: NeumannOptions = {}): LinearSolver {
  requireKnownOptions("neumann", options, ["terms", "alpha"]);
  const { terms = 20, alpha = 1 } = options;
  requireInteger("neumann", "terms", terms, 1);
  requirePositive("neumann", "alpha", alpha);
  return {
    name: "neumann",
    isSymmetric: false,
    solve: (matvec, b) => neumannSeries(matvec, b, { terms, alpha }).q,
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
  requireKnownOptions(where, options, ["steps"]);
  if (options.steps !== undefined) requireInteger(where, "steps", options.steps, 1);
}
