/**
 * Normal vectors with any covariance C = L Lᵀ:
 *
 *     log p(x) = -|z|² / 2 - sum log L_ii - d log(2 π) / 2,   z = L⁻¹ (x - mean)
 */
import { type Tensor, linalg, np, random } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import {
  type FloatType,
  drawnShape,
  floatParameters,
  jointShape,
  oneOf,
  requireDraws,
  requireEvery,
  requireFinite,
  requireNames,
  spread,
} from "./parameters.ts";
import { whitened } from "./whitened.ts";

/** The mean [..., d], and the covariance [..., d, d] or its lower Cholesky factor. */
export type MultivariateNormalParameters =
  | { mean: Parameter; covariance: Parameter; scaleTril?: never }
  | { mean: Parameter; scaleTril: Parameter; covariance?: never };

export interface MultivariateNormalDistribution extends Distribution {
  readonly name: "multivariateNormal";
  /** mean [...batch, d], scaleTril [..., d, d]. */
  readonly parameters: { readonly mean: Tensor; readonly scaleTril: Tensor };
}

/**
 * N(mean, covariance) of vectors [d]; the covariance is given as such, symmetric and positive definite, or by its lower
 * Cholesky factor `scaleTril`, of which the upper triangle is not read. Draws are mean + L ε.
 *
 * @throws ShapeError unless mean is [..., d] and the matrix [..., d, d].
 * @throws OptionError for a known mean that is not finite, a covariance that is not symmetric and positive definite beyond
 * rounding, or a `scaleTril` that is not finite or whose diagonal is not above 0. In a trace such a covariance gives NaN.
 *
 * @example
 * multivariateNormal({ mean: [0, 0], covariance: [[2, 1], [1, 2]] }).logProb(np.array([1, 0])); // -2.7205
 */
export function multivariateNormal(parameters: MultivariateNormalParameters): MultivariateNormalDistribution {
  const where = "multivariateNormal";
  requireNames(where, parameters, ["mean", "covariance", "scaleTril"]);
  const which = oneOf<"covariance" | "scaleTril">(where, parameters, ["covariance", "scaleTril"]);
  const given = floatParameters(where, {
    mean: parameters.mean,
    matrix: (parameters.covariance ?? parameters.scaleTril)!,
  });
  const { mean, matrix } = given.beside();
  const d = requireSizes(where, mean, matrix, which);
  const factors = new Map<FloatType, Tensor>();
  const factorOf = (of: Tensor): Tensor => {
    const type = of.dtype === "float64" ? "float64" : "float32";
    const known = factors.get(type) ?? (which === "covariance" ? linalg.cholesky(of) : np.tril(of));
    factors.set(type, known);
    return known;
  };
  requireFinite(where, "mean", mean);
  requireFactor(where, which, matrix, factorOf(matrix));
  const batchShape = jointShape(where, mean.shape.slice(0, -1), matrix.shape.slice(0, -2));
  const logDeterminant = (factor: Tensor): Tensor => np.log(np.diagonal(factor, 0, -2, -1)).sum(-1);
  const full = [...batchShape, d];
  return {
    name: "multivariateNormal",
    batchShape,
    eventShape: [d],
    isReparameterised: true,
    get parameters() {
      return { mean: spread(mean, full), scaleTril: factorOf(matrix) };
    },
    sample(key, shape) {
      const whole = drawnShape(where, shape, full);
      const noise = random.normal(key, whole, { dtype: given.dtype });
      return np.matvec(factorOf(matrix), noise).add(mean);
    },
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, [d]);
      const own = given.beside(value);
      const factor = factorOf(own.matrix);
      // The products of a system with an infinite element would be NaN.
      const isFinite = np.isfinite(value).all(-1, { keepdims: true });
      const z = whitened(factor, np.where(isFinite, value, 0).sub(own.mean));
      const density = z
        .mul(z)
        .sum(-1)
        .mul(-0.5)
        .sub(logDeterminant(factor))
        .sub((d * Math.log(2 * Math.PI)) / 2);
      const none = np.where(np.isnan(value).any(-1), NaN, -Infinity);
      return np.where(isFinite.all(-1), density, none);
    },
    mean: () => spread(mean, full),
    variance: () => spread(np.square(factorOf(matrix)).sum(-1), full),
    entropy: () =>
      spread(logDeterminant(factorOf(matrix)).add((d * (1 + Math.log(2 * Math.PI))) / 2), batchShape),
  };
}

function requireSizes(where: string, mean: Tensor, matrix: Tensor, name: string): number {
  const d = mean.shape.at(-1);
  if (d !== undefined && matrix.ndim >= 2 && matrix.shape.at(-1) === d && matrix.shape.at(-2) === d) return d;
  const got = `${mean.toString()} and ${matrix.toString()}`;
  throw new ShapeError(where, `mean must be [..., d] and ${name} [..., d, d], got ${got}.`);
}

function requireFactor(where: string, name: string, matrix: Tensor, factor: Tensor): void {
  if (matrix.isTraced || factor.isTraced) return;
  if (name === "scaleTril") {
    const diagonal = np.diagonal(factor, 0, -2, -1);
    requireFinite(where, "the lower triangle of scaleTril", factor);
    requireEvery(where, "the diagonal of scaleTril", diagonal, (value) => value > 0, "above 0");
    return;
  }
  const data = Float64Array.from(matrix.data);
  const d = matrix.shape.at(-1)!;
  const size = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Rounding of float32 in a product that made the matrix; another value is another matrix.
  const rounding = size * (matrix.dtype === "float64" ? 1e-10 : 1e-4);
  const isSymmetric = data.every((value, at) => {
    const [row, column] = [Math.floor(at / d) % d, at % d];
    const mirrored = data[at + (column - row) * d + (row - column)]!;
    return Math.abs(value - mirrored) <= rounding;
  });
  if (isSymmetric && isDefinite(matrix, factor)) return;
  const hint = isSymmetric ? "Add a small multiple of the identity where it is nearly singular." : undefined;
  throw new OptionError(
    where,
    "covariance",
    matrix.size <= 16 ? matrix.toArray() : matrix,
    "symmetric and positive definite",
    hint,
  );
}

/**
 * A factor exists, and each number keeps a variance given those before it, L_ii², that rounding of its own, C_ii, cannot have
 * made.
 */
function isDefinite(matrix: Tensor, factor: Tensor): boolean {
  if (!factor.data.every(Number.isFinite)) return false;
  const d = matrix.shape.at(-1)!;
  const rounding = d * (matrix.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  for (let at = 0; at < matrix.size; at++) {
    const isDiagonal = Math.floor(at / d) % d === at % d;
    if (isDiagonal && !(factor.data[at]! ** 2 > rounding * matrix.data[at]!)) return false;
  }
  return true;
}
