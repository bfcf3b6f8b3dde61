/**
 * Systems with a sum or a difference of two Kronecker products (Martens and Grosse 2015, appendix B): the blocks of the
 * tridiagonal K-FAC inverse, exact damping of a Kronecker-factored block, and Sylvester-like equations in general.
 *
 *     A U B ± C U D = V,   that is (A ⊗ B ± C ⊗ D) vec U = vec V by rows
 *     A = L Lᵀ,   L⁻¹ C L⁻ᵀ = E₁ diag(s₁) E₁ᵀ,   K₁ = L⁻ᵀ E₁;   K₂ likewise of B and D
 *     U = K₁ [(K₁ᵀ V K₂) / (1 ± s₁ s₂ᵀ)] K₂ᵀ
 *
 * The paper has square roots of A and B in the place of Cholesky factors: any K₁ with K₁ᵀ A K₁ = I and K₁ᵀ C K₁ diagonal
 * will do. Eigenvectors count as constants and a step of iterative refinement follows, which has the derivative of the
 * solution, as in `solveKronecker`.
 */
import { type Tensor, lax, linalg, np } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";
import type { Factors } from "./dampedFactors.ts";
import { inverseCholesky } from "./factors.ts";

export interface KroneckerSolverOptions {
  /** Of the second product. Default "plus". */
  sign?: "plus" | "minus";
}

export interface KroneckerSolver {
  /** U for V [inputs, outputs], in V's dtype. */
  solve(right: Tensor): Tensor;
  /** 1 ± s₁ s₂ᵀ, [inputs, outputs]: eigenvalues of the sum relative to A ⊗ B; none is 0 where a solution is unique. */
  readonly relative: Tensor;
}

/**
 * Makes the solver of A U B ± C U D = V, with A, B the `first` pair of factors (symmetric positive definite) and C, D the
 * `second` (symmetric), each `{ inputs: [inputs, inputs], outputs: [outputs, outputs] }`. What depends on the factors alone
 * is computed once, in float64; `solve` takes as many V as there are. Cost: two Cholesky factors and two eigensystems, then
 * four products of matrices for each V, and as many for its refinement. Outside of a trace float64 is slow: make and use the
 * solver inside of one `compiled` function where matrices are large.
 *
 * @throws ShapeError for factors that are not square or do not fit; NonFiniteError where A or B is not positive definite;
 * OptionError where the sum is singular. In a trace, whose numbers are not known, the solution is NaN in both cases.
 *
 * @example
 * // (Σ_A ⊗ Σ_E + λ I)⁻¹: a pair whose second product is λ I.
 * const identity = { inputs: np.eye(3).mul(0.1), outputs: np.eye(2) };
 * const direction = kroneckerSolver({ inputs: sigmaA, outputs: sigmaE }, identity).solve(gradient);
 */
export function kroneckerSolver(
  first: Factors,
  second: Factors,
  options: KroneckerSolverOptions = {},
): KroneckerSolver {
  requireKnownOptions(where, options, ["sign"]);
  const { sign = "plus" } = options;
  requireOneOf(where, "sign", sign, ["plus", "minus"]);
  for (const side of ["inputs", "outputs"] as const) requirePair(side, first[side], second[side]);
  const pair = ({ inputs, outputs }: Factors) => ({
    inputs: asType(inputs, "float64"),
    outputs: asType(outputs, "float64"),
  });
  const [own, other] = [pair(first), pair(second)];
  const left = jointBasis("inputs", own.inputs, other.inputs);
  const right = jointBasis("outputs", own.outputs, other.outputs);
  const product = np.outer(left.values, right.values);
  const relative = sign === "plus" ? product.add(1) : product.neg().add(1);
  const denominators = requireRegular(relative);
  const approximate = (v: Tensor): Tensor => {
    const turned = between(np.transpose(left.vectors), v, right.vectors).div(denominators);
    return between(left.vectors, turned, np.transpose(right.vectors));
  };
  const image = (u: Tensor): Tensor => {
    const added = between(other.inputs, u, other.outputs);
    return between(own.inputs, u, own.outputs).add(sign === "plus" ? added : added.neg());
  };
  const shape = [own.inputs.shape[0]!, own.outputs.shape[0]!];
  return {
    relative,
    solve(given) {
      if (String(given.shape) !== String(shape))
        throw new ShapeError(where, `V must be [${shape.join(", ")}], got ${given.toString()}.`);
      const v = asType(given, "float64");
      const start = lax.stopGradient(approximate(lax.stopGradient(v) as Tensor)) as Tensor;
      return asType(start.add(approximate(v.sub(image(start)))), given.dtype);
    },
  };
}

const where = "kroneckerSolver";

const between = (a: Tensor, x: Tensor, b: Tensor): Tensor => np.matmul(np.matmul(a, x), b);

/** K with Kᵀ positive K = I and Kᵀ other K = diag(values), as constants. */
function jointBasis(side: string, positive: Tensor, other: Tensor): { vectors: Tensor; values: Tensor } {
  const inverse = inverseCholesky(lax.stopGradient(positive) as Tensor);
  if (!inverse.isTraced && !Array.from(inverse.data).every(Number.isFinite)) {
    const hint = "Add damping to its diagonal.";
    throw new NonFiniteError(where, `first.${side} is not positive definite. ${hint}`, { factor: side });
  }
  const whitened = between(inverse, lax.stopGradient(other) as Tensor, np.transpose(inverse));
  const [values, vectors] = linalg.eigh(whitened.add(np.transpose(whitened)).mul(0.5)) as [Tensor, Tensor];
  return { vectors: np.matmul(np.transpose(inverse), vectors), values };
}

/** Relative eigenvalues below this are rounding errors of float64 eigenvectors. */
const smallest = 1e-13;

/** Throws where an eigenvalue is 0; in a trace those are NaN. */
function requireRegular(relative: Tensor): Tensor {
  const isSingular = np.abs(relative).lessEqual(smallest);
  if (!relative.isTraced && isSingular.any().item() === 1) {
    const hint = "The system has no unique solution: damp the factors of the first pair.";
    throw new OptionError(where, "the smallest relative eigenvalue", 0, "other than 0", hint);
  }
  return np.where(isSingular, np.zerosLike(relative).add(NaN), relative) as Tensor;
}

function requirePair(side: string, own: Tensor, other: Tensor): void {
  const [n, m] = own.shape;
  if (own.ndim !== 2 || n !== m)
    throw new ShapeError(where, `first.${side} must be square, got ${own.toString()}.`);
  if (String(own.shape) !== String(other.shape))
    throw new ShapeError(where, `second.${side} must be [${n}, ${n}], got ${other.toString()}.`);
}
