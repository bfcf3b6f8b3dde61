/**
 * What LISSA's inverse lacks in the mean, exactly, and how many samples it needs for a bias that does no harm:
 *
 *     E[E_J] - C⁻¹ = -C⁻¹ (I - κ'C)^{J+1},    μ = λ_min(C) / max |φ|²,    bias factor (1 - κ μ)^{J+1} ≤ exp(-κ μ (J + 1))
 */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { lissaMean, squaredLengths } from "../lissa.ts";
import { covarianceOf, finiteMatrix, product } from "./doubles.ts";

export interface LissaBiasOptions {
  /** κ, above 0 and below 2. Default 1.9. */
  kappa?: number;
  /** J. Default 32. */
  inverseSamples?: number;
}

export interface LissaBias {
  /** E[E_J] - C⁻¹, [d, d], float64. */
  bias: Tensor;
  /** Its Frobenius norm. */
  norm: number;
  /** |E[E_J] - C⁻¹| over |C⁻¹|, Frobenius norms: the share of the inverse that is missing. */
  relative: number;
  /** λ_min(C) / max |φ|². */
  conditioning: number;
  /**
   * (1 - κ μ)^{J+1}: what is missing along the weakest direction. With one dimension κ μ may be above 1: the series then goes
   * past the inverse and back, and for even J the factor is negative, an inverse that is too large by that share.
   */
  factor: number;
}

/** Throws `OptionError` unless 0 < κ < 2. */
export function requireKappa(where: string, kappa: unknown): asserts kappa is number {
  if (typeof kappa === "number" && kappa > 0 && kappa < 2) return;
  throw new OptionError(
    where,
    "kappa",
    kappa,
    "above 0 and below 2",
    "From 2 on the factors of the series may expand, and the estimate explodes; 1.9 is usual.",
  );
}

/** The exact bias for features Φ [S, d] whose rows are equally likely. Needs C to be invertible. */
export function lissaBias(features: Tensor, options: LissaBiasOptions = {}): LissaBias {
  const where = "lissaBias";
  requireKnownOptions(where, options, ["kappa", "inverseSamples"]);
  const { kappa = 1.9, inverseSamples = 32 } = options;
  requireKappa(where, kappa);
  requireInteger(where, "inverseSamples", inverseSamples, 0);
  const phi = finiteMatrix(where, "the features", features);
  const scale = kappa / longest(phi);
  const covariance = covarianceOf(phi);
  const d = phi.shape[1]!;
  const inverse = linalg.inv(covariance);
  // Powers, not differences of means: what is missing at J = 50 has digits of its own.
  const [values, vectors] = linalg.eigh(covariance);
  const missing = np
    .power(values.mul(-scale).add(1), inverseSamples + 1)
    .div(values)
    .neg();
  const bias = product(vectors.mul(missing.reshape([1, d])), vectors.transpose());
  const conditioning = values.data[0]! / longest(phi);
  const norm = frobenius(bias);
  return {
    bias,
    norm,
    relative: norm / frobenius(inverse),
    conditioning,
    factor: (1 - kappa * conditioning) ** (inverseSamples + 1),
  };
}

const longest = (features: Tensor): number => squaredLengths(features).max().item();
const frobenius = (x: Tensor): number => Math.sqrt(x.mul(x).sum().item());

/** By how much μ may be above 1: that of features of one length is computed. */
const rounding = 1e-6;

/**
 * J from which on the bias is below `share` of the inverse in every direction, for features of this conditioning μ: 0 < μ ≤ 1,
 * and at most 1 / d. Infinity for μ = 0. No other direction needs more: Σ λ(C) ≤ max |φ|², so that for d > 1 the eigenvalues
 * of I - κ'C are below 1 - κ μ in size.
 *
 * @throws OptionError for a μ that no features have.
 */
export function samplesForBias(conditioning: number, share = 0.1, kappa = 1.9): number {
  requireKappa("samplesForBias", kappa);
  if (!(share > 0 && share < 1))
    throw new OptionError("samplesForBias", "share", share, "above 0 and below 1");
  if (!(conditioning >= 0 && conditioning <= 1 + rounding)) {
    const hint = "It is λ_min(C) / max |φ|², as lissaBias gives it.";
    throw new OptionError("samplesForBias", "conditioning", conditioning, "at least 0 and at most 1", hint);
  }
  const step = kappa * conditioning;
  // With one dimension the series may go past the inverse: then |1 - κ μ| = κ μ - 1.
  const slowest = step < 1 ? Math.log1p(-step) : Math.log(step - 1);
  return Math.max(1, Math.ceil(Math.log(share) / slowest) - 1);
}

/** E[E_J], [d, d], for features Φ [S, d] whose rows are equally likely. float64. */
export function expectedInverse(features: Tensor, options: LissaBiasOptions = {}): Tensor {
  const where = "expectedInverse";
  requireKnownOptions(where, options, ["kappa", "inverseSamples"]);
  const { kappa = 1.9, inverseSamples = 32 } = options;
  requireKappa(where, kappa);
  requireInteger(where, "inverseSamples", inverseSamples, 0);
  const phi = finiteMatrix(where, "the features", features);
  return lissaMean(covarianceOf(phi), kappa / longest(phi), inverseSamples);
}
