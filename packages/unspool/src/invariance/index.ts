/** Invariances and other hyperparameters of networks, learned from the training data by the evidence. */
export { affineAugment } from "./affineAugment.ts";
export type { AffineAugmentOptions } from "./affineAugment.ts";
export { affineGenerators, affineMatrices } from "./affineMatrices.ts";
export type { AffineRows, Generator, GeneratorName } from "./affineMatrices.ts";
export { augerino } from "./augerino.ts";
export type { AugerinoOptions, AugerinoState, AugerinoTheta } from "./augerino.ts";
export type { Augmentation } from "./augmentation.ts";
export { averagedOutputs } from "./averagedTaps.ts";
export type { LayeredNetwork } from "./averagedTaps.ts";
export { bilinearWarp } from "./bilinearWarp.ts";
export type { BilinearWarpOptions } from "./bilinearWarp.ts";
export { evidenceOfGuessing, hasCollapsed } from "./collapse.ts";
export type { CurvatureKind } from "./curvatureColumns.ts";
export type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
export { invarianceGradient } from "./invarianceGradient.ts";
export type {
  InvarianceEstimate,
  InvarianceGradient,
  InvarianceGradientOptions,
  InvarianceGradientState,
  InvarianceTheta,
} from "./invarianceGradient.ts";
export { laplaceEvidence } from "./laplaceEvidence.ts";
export type {
  ContractedAt,
  EvidenceData,
  EvidenceFit,
  EvidencePart,
  EvidenceTerms,
  FitOptions,
  LaplaceEvidence,
  LaplacePosterior,
  MeasuredAt,
} from "./laplaceEvidence.ts";
export { lila } from "./lila.ts";
export type { LilaOptions } from "./lilaOptions.ts";
export type { Hyperparameters, PriorParameters } from "./lilaPrograms.ts";
export { lilaTheta } from "./lilaTheta.ts";
export type { LilaStart, LilaState, LilaTheta } from "./lilaTheta.ts";
export { marginalLikelihood, weightDecayOf } from "./marginalLikelihood.ts";
export type { MarginalLikelihood, MarginalLikelihoodOptions } from "./marginalLikelihood.ts";
export { noAugmentation } from "./noAugmentation.ts";
export type { PriorStructure } from "./priorPrecision.ts";
export { rangeReport } from "./rangeReport.ts";
export type { LearnedRange } from "./rangeReport.ts";
export { ringToy } from "./ringToy.ts";
export type { RingToyOptions } from "./ringToy.ts";
export { angleGrid, rotation2d } from "./rotation2d.ts";
export type { Rotation2dOptions } from "./rotation2d.ts";
