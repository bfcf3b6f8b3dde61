/** Principal subspaces of matrices too large to see whole, learned from sampled entries; and streaming baselines. */
export { defineMatrix, denseMatrix } from "./sampledMatrix.ts";
export type { MatrixDefinition, SampledMatrix } from "./sampledMatrix.ts";
export { initTable, tableFeatures } from "./featureMap.ts";
export type { FeatureMap } from "./featureMap.ts";
export { lissaInverse, lissaVectors } from "./lissa.ts";
export { subspaceMethods } from "./columnWeights.ts";
export type { ColumnWeights, SubspaceMethod, SubspaceMethodEntry, WeightContext } from "./columnWeights.ts";
export { principalSubspace } from "./principalSubspace.ts";
export type { SubspaceEstimator, SubspaceTheta, SubspaceUpdate } from "./principalSubspace.ts";
export type {
  CheckedOptions as CheckedSubspaceOptions,
  PrincipalSubspaceOptions,
} from "./principalSubspaceOptions.ts";
export { subspaceDescent } from "./subspaceDescent.ts";
export type { SubspaceDescentOptions, SubspaceDescentState } from "./subspaceDescent.ts";
export {
  cosineSimilarity,
  grassmann,
  principalCosines,
  subspaceDistance,
} from "./diagnostics/subspaceMetrics.ts";
export { bestWeights, outerLoss } from "./diagnostics/outerLoss.ts";
export { directionsOfProducts, principalDirections } from "./diagnostics/principalDirections.ts";
export type { PrincipalDirections } from "./diagnostics/principalDirections.ts";
export { expectedInverse, lissaBias, samplesForBias } from "./diagnostics/lissaBias.ts";
export type { LissaBias, LissaBiasOptions } from "./diagnostics/lissaBias.ts";
export { exactUpdate, expectedUpdate } from "./diagnostics/expectedUpdate.ts";
export { diagnoseFeatures } from "./diagnostics/diagnoseFeatures.ts";
export type { DiagnoseFeaturesOptions, SubspaceDiagnosis } from "./diagnostics/diagnoseFeatures.ts";
