/**
 * Derivatives of solutions by the equation that they solve, however they were found. With F(x, theta) = 0,
 *
 *     ∂F/∂x dx + ∂F/∂theta dtheta = 0,
 *
 * one linear system per derivative, in either mode; memory does not grow with the steps that found x. Griewank and Walther
 * 2008, chapter 15; Blondel et al. 2022 (arXiv 2105.15183).
 */
import { OptionError, ShapeError, requireKnownOptions } from "../errors.ts";
import { customJvp, jvp, lax, tree } from "../array/index.ts";
import { type LinearSolver, direct } from "./linearSolvers.ts";

export interface ImplicitOptions {
  /** Solves the linear system. Default `direct()`, which writes the matrix out: for at most 500 unknowns. */
  solver?: LinearSolver;
}

/**
 * `solve`, a function of theta that finds x with `equations(x, theta)` = 0, with implicit derivatives. `equations` returns a
 * tree like x: of a minimum, the gradient of what is minimised. Both trees hold floats; everything else that moves must be in
 * theta. Derivatives are as exact as x: those at a point that is no solution are wrong without a word, so solve well.
 *
 * Where a solver that iterates does not reach its tolerance, or `conjugateGradient` meets a matrix that is not symmetric, the
 * derivative is NaN: within a transformation there is no number to throw an error about.
 *
 * @throws OptionError where `direct()` is given more than 500 unknowns.
 *
 * @example
 * // Weights of a ridge regression as a function of the penalty, and how the validation loss moves with it.
 * const fit = implicitRoot((w, penalty) => grad(trainingLoss)(w, penalty), (penalty) => trained(penalty), {
 *   solver: conjugateGradient(),
 * });
 * const slope = grad((penalty) => validationLoss(fit(penalty)))(np.array(0.1));
 */
export function implicitRoot<X, Theta>(
  equations: (x: X, theta: Theta) => X,
  solve: (theta: Theta) => X,
  options: ImplicitOptions = {},
): (theta: Theta) => X {
  requireFunctions("implicitRoot", { equations }, { solve });
  return implicit("implicitRoot", equations, solve, options);
}

/** Throws `OptionError` for what is no function: by name, those of x and theta, and those of theta. */
export function requireFunctions(where: string, ofBoth: object, ofTheta: object): void {
  const wanted = { "a function of x and theta": ofBoth, "a function of theta that finds x": ofTheta };
  for (const [words, functions] of Object.entries(wanted)) {
    for (const [name, given] of Object.entries(functions)) {
      if (typeof given !== "function") throw new OptionError(where, name, given, words);
    }
  }
}

/** The function `solve` with the derivatives of a root of `equations`, said to be made by `where`. */
export function implicit<X, Theta>(
  where: string,
  equations: (x: X, theta: Theta) => X,
  solve: (theta: Theta) => X,
  options: ImplicitOptions,
): (theta: Theta) => X {
  requireKnownOptions(where, options, ["solver"]);
  const { solver = direct() } = options;
  if (typeof solver !== "object" || typeof solver.solve !== "function") {
    const hint = "Write { solver: conjugateGradient() }.";
    throw new OptionError(where, "solver", solver, "a linear solver: direct(), conjugateGradient(), normalEquations() or neumann()", hint); // prettier-ignore
  }
  const name = solve.name === "" ? where : `${where}(${solve.name})`;
  const solved = customJvp(
    (theta: Theta) => solve(theta),
    ([theta], [dtheta], x) => {
      const at = (point: X, given: Theta): X => {
        const values = equations(point, given);
        tree.requireSame(name, "what the equations returned", x, tree.tensors(values as object));
        return values;
      };
      const [, moved] = jvp((given: Theta) => at(x, given), [theta], [dtheta]);
      const right = tree.map((leaf) => leaf.neg(), moved);
      const matvec = (v: X): X => jvp((point: X) => at(point, theta), [x], [v])[1];
      const { isSymmetric } = solver;
      return lax.customLinearSolve(matvec, right, (product, b) => solver.solve(product, b), { isSymmetric });
    },
    { name },
  );
  return (...args) => {
    if (args.length === 1) return solved(...args);
    const got: number = args.length;
    throw new ShapeError(
      name,
      `takes one argument, theta, got ${got}. Put what moves into one tree: { a, b }.`,
    );
  };
}
