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
  spanProjection,
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
export { g20, syntheticPsi } from "./tasks/syntheticPsi.ts";
export type { SyntheticPsiOptions } from "./tasks/syntheticPsi.ts";
export { pixelMatrix } from "./tasks/pixelMatrix.ts";
export type { PixelMatrix } from "./tasks/pixelMatrix.ts";
export { puddleArenas, puddleActions, puddleStep } from "./tasks/puddleStep.ts";
export type {
  PuddleArena,
  PuddlePoint,
  Puddle,
  PuddleAction,
  PuddleMove,
  PuddleShape,
} from "./tasks/puddleStep.ts";
export { binsOf, puddleWorldSr } from "./tasks/puddleWorldSr.ts";
export type { PuddleWorldOptions, PuddleWorldSr } from "./tasks/puddleWorldSr.ts";
export { gha } from "./streaming/gha.ts";
export { implicitKrasulina } from "./streaming/implicitKrasulina.ts";
export type { ImplicitKrasulinaState } from "./streaming/implicitKrasulina.ts";
export { krasulina } from "./streaming/krasulina.ts";
export { oja } from "./streaming/oja.ts";
export { ojaDeflation } from "./streaming/ojaDeflation.ts";
export { streamingRules } from "./streaming/registry.ts";
export type { StreamingEntry } from "./streaming/registry.ts";
export { streamingDescent } from "./streaming/streamingDescent.ts";
export type { StreamingDescentOptions, StreamingTheta } from "./streaming/streamingDescent.ts";
export type { StreamingOptions, StreamingRule } from "./streaming/streamingRule.ts";
