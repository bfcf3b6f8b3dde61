/** Invariances and other hyperparameters of networks, learned from the training data by the evidence. */
export { affineAugment } from "./affineAugment.ts";
export type { AffineAugmentOptions } from "./affineAugment.ts";
export { affineGenerators, affineMatrices } from "./affineMatrices.ts";
export type { AffineRows, Generator, GeneratorName } from "./affineMatrices.ts";
export type { Augmentation } from "./augmentation.ts";
export { averagedOutputs } from "./averagedTaps.ts";
export type { LayeredNetwork } from "./averagedTaps.ts";
export { bilinearWarp } from "./bilinearWarp.ts";
export type { BilinearWarpOptions } from "./bilinearWarp.ts";
export type { CurvatureKind } from "./curvatureColumns.ts";
export type { LaplaceEvidenceOptions } from "./evidenceSettings.ts";
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
export { noAugmentation } from "./noAugmentation.ts";
export type { PriorStructure } from "./priorPrecision.ts";
export { angleGrid, rotation2d } from "./rotation2d.ts";
export type { Rotation2dOptions } from "./rotation2d.ts";
