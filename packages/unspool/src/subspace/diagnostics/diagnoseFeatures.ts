/** What to watch while features are learned: whether J is large enough for them, and how near they are. */
import type { Tensor } from "../../array/index.ts";
import { requireKnownOptions } from "../../errors.ts";
import { singularValues } from "../../numerics/index.ts";
import { covarianceOf, finiteMatrix } from "./doubles.ts";
import { type LissaBiasOptions, samplesForBias } from "./lissaBias.ts";
import { subspaceDistance } from "./subspaceMetrics.ts";

export interface DiagnoseFeaturesOptions extends LissaBiasOptions {
  /** The subspace [S, d] that is sought, where it is known. */
  target?: Tensor;
}

/** Plain numbers, so that they can be metrics of a record. */
export type SubspaceDiagnosis = {
  /** μ = λ_min(C) / max |φ|². */
  conditioning: number;
  /** The share of C⁻¹ that LISSA's mean lacks, Frobenius norms; `lissaBias` has the matrix. */
  lissaBias: number;
  /**
   * J for a bias of less than a tenth in every direction. Infinity where features are dependent and no J is enough; records
   * of a run, which are JSON, have null there.
   */
  enoughSamples: number;
  /** |Φ| / S. */
  featureNorm: number;
  /** Of the span from the target, 0 to 1. */
  subspaceDistance?: number;
};

/** Measures features Φ [S, d] whose rows are equally likely, in float64. */
export function diagnoseFeatures(features: Tensor, options: DiagnoseFeaturesOptions = {}): SubspaceDiagnosis {
  const where = "diagnoseFeatures";
  requireKnownOptions(where, options, ["kappa", "inverseSamples", "target"]);
  const { kappa = 1.9, inverseSamples = 32, target } = options;
  const phi = finiteMatrix(where, "the features", features);
  const lengths = squaredLengths(phi);
  const longest = lengths.reduce((top, x) => Math.max(top, x), 0);
  // Of a positive semidefinite matrix they are the eigenvalues.
  const covariance = covarianceOf(phi);
  const values = singularValues({ size: covariance.shape[0]!, entries: Float64Array.from(covariance.data) });
  const least = values.at(-1)!;
  const conditioning = longest === 0 ? 0 : least / longest;
  const norm = (of: (lambda: number) => number): number =>
    Math.hypot(...Array.from(values, (lambda) => of(Math.max(lambda, Number.MIN_VALUE))));
  const missing = (lambda: number): number =>
    (1 - (kappa / longest) * lambda) ** (inverseSamples + 1) / lambda;
  // Features that are dependent have no inverse: all of it is missing.
  const isDependent = conditioning < 1e-14;
  return {
    conditioning,
    lissaBias: isDependent ? 1 : norm(missing) / norm((lambda) => 1 / lambda),
    enoughSamples: isDependent ? Infinity : samplesForBias(conditioning, 0.1, kappa),
    featureNorm: Math.sqrt(lengths.reduce((sum, x) => sum + x, 0)) / phi.shape[0]!,
    ...(target && { subspaceDistance: subspaceDistance(phi, target) }),
  };
}

/** |φ|² by row. */
function squaredLengths({ shape, data }: Tensor): Float64Array {
  const d = shape[1]!;
  const lengths = new Float64Array(shape[0]!);
  for (let i = 0; i < data.length; i++) lengths[Math.floor(i / d)]! += data[i]! ** 2;
  return lengths;
}
