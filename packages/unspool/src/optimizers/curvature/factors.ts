/**
 * Kronecker factors: second moments of what goes into a layer and of the derivatives that come out of it, their running
 * means, and systems solved with them. In homogeneous coordinates W [inputs, outputs], the block of the Fisher
 * information is Σ_A ⊗ Σ_E, and (Σ_A ⊗ Σ_E)⁻¹ times a gradient G [inputs, outputs] is Σ_A⁻¹ G Σ_E⁻¹. Everything is
 * differentiable; nothing is detached.
 */
import { type DType, type Tensor, lax, linalg, np, tree } from "../../array/index.ts";
import { asType, oneMinus } from "../hyperparameter.ts";
import { root } from "../leaves.ts";
import { leftProduct, rightProduct, traceOf, transposeOf } from "./diagonalMatrix.ts";

/**
 * Σ_A = 1/B Σ a aᵀ over examples and positions, [n, n], for [batch, positions, n]; Σ_E likewise, of the derivatives. Its
 * diagonal alone, [n], where that is asked for. Divide one of the two by the number of positions for the factors of KFC
 * (Grosse and Martens 2016).
 */
export function secondMoment(rows: Tensor, isDiagonal = false): Tensor {
  const flat = rows.reshape([-1, rows.shape[2]!]);
  if (isDiagonal) return flat.mul(flat).sum(0).div(rows.shape[0]!);
  return np.matmul(np.transpose(flat), flat).div(rows.shape[0]!);
}

/** A running mean that is not biased to zero: a decayed sum, and the sum of its weights. */
export type RunningMean = {
  total: Tensor;
  /** Scalar; 0 before the first estimate. */
  weight: Tensor;
};

/** The running mean of nothing, for estimates of this shape. */
export function emptyMean(shape: readonly number[], dtype: DType): RunningMean {
  return { total: np.zeros([...shape], { dtype }), weight: tree.scalar(0, dtype) };
}

/** total ← ema · total + (1 - ema) · estimate, and so the weight. `ema` 0 keeps the last estimate alone. */
export function withEstimate(
  { total, weight }: RunningMean,
  estimate: Tensor,
  ema: number | Tensor,
): RunningMean {
  const rest = oneMinus(ema);
  return { total: total.mul(ema).add(estimate.mul(rest)), weight: weight.mul(ema).add(rest) };
}

/** total / weight; 0 before the first estimate. */
export function meanOf({ total, weight }: RunningMean): Tensor {
  const isEmpty = weight.lessEqual(0);
  return total.div(np.where(isEmpty, np.onesLike(weight), weight));
}

/** Below this, mean eigenvalues of factors count as this in π. */
const smallestTrace = 1e-12;

/** π with π² = (tr Σ_A / m) / (tr Σ_E / n): how factored damping is shared (Martens and Grosse 2015, section 6.3). */
export function traceRatio(inputFactor: Tensor, outputFactor: Tensor): Tensor {
  const meanEigenvalue = (factor: Tensor): Tensor =>
    np.maximum(traceOf(factor).div(factor.shape[0]!), tree.scalar(smallestTrace, factor.dtype));
  return root(meanEigenvalue(inputFactor).div(meanEigenvalue(outputFactor)));
}

/** Both factors with λ_A = π √λ and λ_E = √λ / π on their diagonals. */
export function factoredDamping(pi: Tensor, damping: number | Tensor): { inputs: Tensor; outputs: Tensor } {
  const half = typeof damping === "number" ? Math.sqrt(damping) : root(asType(damping, pi.dtype));
  return { inputs: pi.mul(half), outputs: tree.scalar(1, pi.dtype).mul(half).div(pi) };
}

/** matrix + shift · I. */
export function shifted(matrix: Tensor, shift: number | Tensor): Tensor {
  if (matrix.ndim === 1) return matrix.add(shift);
  return matrix.add(identity(matrix).mul(shift));
}

/**
 * Size up to which a triangle is inverted by substitution: larger ones are cut in four, for products are faster. Pieces of
 * 24 made refreshing K-FAC's inverses twice as fast for 200 units as pieces of 200, and compiling them three times as slow,
 * which hundreds of refreshes do not pay back.
 */
const smallestBlock = 128;

/**
 * L⁻¹ for matrix = L Lᵀ symmetric positive definite, [n, n]: Cholesky by blocks. NaN where the matrix is not.
 * Σ_A⁻¹ = L⁻ᵀ L⁻¹.
 */
export function inverseCholesky(matrix: Tensor): Tensor {
  const n = matrix.shape[0]!;
  if (n <= smallestBlock) {
    const factor = linalg.cholesky(matrix) as Tensor;
    return linalg.triangularSolve(factor, identity(matrix), { leftSide: true, lower: true }) as Tensor;
  }
  const half = n >> 1;
  const [a, b, c] = [
    matrix.slice([0, half], [0, half]),
    matrix.slice([half, n], [0, half]),
    matrix.slice([half, n], [half, n]),
  ];
  const first = inverseCholesky(a);
  const side = np.matmul(b, np.transpose(first));
  const second = inverseCholesky(c.sub(np.matmul(side, np.transpose(side))));
  const below = np.matmul(second, np.matmul(side, first)).neg();
  const above = np.zerosLike(np.transpose(b));
  return np.concatenate([np.concatenate([first, above], 1), np.concatenate([below, second], 1)], 0);
}

/** The inverse of a symmetric positive definite matrix [n, n], or of a diagonal one [n]; NaN where it is not positive. */
export function inversePositive(matrix: Tensor): Tensor {
  if (matrix.ndim === 1) return np.reciprocal(np.where(matrix.greater(0), matrix, NaN) as Tensor);
  const inverse = inverseCholesky(matrix);
  return np.matmul(np.transpose(inverse), inverse);
}

/** x with matrix · x = right, [n] or [n, k], for a symmetric positive definite matrix. */
export function solvePositive(matrix: Tensor, right: Tensor): Tensor {
  const inverse = inverseCholesky(matrix);
  const columns = right.ndim === 1 ? right.reshape([-1, 1]) : right;
  return np.matmul(np.transpose(inverse), np.matmul(inverse, columns)).reshape([...right.shape]);
}

/** Eigenvectors as columns, and eigenvalues from small to large, those of rounding below 0 as 0. */
export type Eigenbasis = {
  /** [n, n]; of a diagonal matrix ones [n]. */
  vectors: Tensor;
  /** [n]. */
  values: Tensor;
};

/** The eigenbasis of a symmetric matrix that has no negative eigenvalues, as a constant: see `solveKronecker`. */
export function eigenbasis(matrix: Tensor): Eigenbasis {
  if (matrix.ndim === 1) {
    const fixed = lax.stopGradient(matrix) as Tensor;
    return { vectors: np.onesLike(fixed), values: np.maximum(fixed, 0) };
  }
  const [values, vectors] = linalg.eigh(lax.stopGradient(matrix)) as [Tensor, Tensor];
  return { vectors, values: np.maximum(values, 0) };
}

/**
 * D with Σ_A D Σ_E + λ D = G: the gradient under (Σ_A ⊗ Σ_E + λ I)⁻¹, by the eigenbases of the factors. They count as
 * constants and a step of iterative refinement follows, which has the derivative of the solution; the derivative of
 * eigenvectors does not exist where eigenvalues coincide, as all zeros of a singular factor do.
 */
export function solveKronecker(
  factors: { inputs: Tensor; outputs: Tensor },
  bases: { inputs: Eigenbasis; outputs: Eigenbasis },
  damping: number | Tensor,
  gradient: Tensor,
): Tensor {
  const { inputs, outputs } = bases;
  const scale = inputs.values.reshape([-1, 1]).mul(outputs.values).add(damping);
  const fixed = lax.stopGradient(scale);
  const solve = (right: Tensor): Tensor => {
    const rotated = rightProduct(leftProduct(transposeOf(inputs.vectors), right), outputs.vectors);
    return rightProduct(leftProduct(inputs.vectors, rotated.div(fixed)), transposeOf(outputs.vectors));
  };
  const start = lax.stopGradient(solve(lax.stopGradient(gradient)));
  const image = rightProduct(leftProduct(factors.inputs, start), factors.outputs).add(start.mul(damping));
  return start.add(solve(gradient.sub(image)));
}

function identity(matrix: Tensor): Tensor {
  return np.eye(matrix.shape[0]!).astype(matrix.dtype);
}
