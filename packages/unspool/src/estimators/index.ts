/** Gradient estimators, one file each. */
export type {
  Estimate,
  EstimateMetrics,
  GradientEstimator,
  MadeFor,
  PairEstimate,
  PairEstimator,
  PairInfo,
  Recurrence,
  StateData,
} from "./estimator.ts";
export type { EsOptions } from "./es/esOptions.ts";
export type { LossDifference } from "./es/lossDifference.ts";
export type {
  DerivativeObjective,
  DerivativeOptions,
  FinalDerivativeOptions,
} from "./derivatives/trajectory.ts";
export { thetaBasis } from "./derivatives/tangents.ts";
export { cut, gaussian } from "./es/noise.ts";
export type { Noise, NoiseRequest } from "./es/noise.ts";
export { bptt } from "./derivatives/bptt.ts";
export type { BpttOptions } from "./derivatives/bptt.ts";
export { curriculum } from "./around/curriculum.ts";
export type { CurriculumMetrics, CurriculumOptions, CurriculumState } from "./around/curriculum.ts";
export { dodge } from "./derivatives/dodge.ts";
export type { DodgeOptions } from "./derivatives/dodge.ts";
export { fullEs } from "./es/fullEs.ts";
export type { FullEsObjective, FullEsOptions } from "./es/fullEs.ts";
export { gpes } from "./es/gpes.ts";
export type { GpesOptions } from "./es/gpes.ts";
export { meanOf } from "./around/meanOf.ts";
export type { MeanOfOptions, MeanOfState } from "./around/meanOf.ts";
export { mixture } from "./around/mixture.ts";
export type { MixtureOptions, MixtureState } from "./around/mixture.ts";
export { summedWindows } from "./around/summedWindows.ts";
export type { SummedWindowsOptions } from "./around/summedWindows.ts";
export { varyingTruncation } from "./around/varyingTruncation.ts";
export type { VaryingTruncationOptions, VaryingTruncationState } from "./around/varyingTruncation.ts";
export { withoutHysteresis } from "./around/withoutHysteresis.ts";
export type { WithoutHysteresisOptions, WithoutHysteresisState } from "./around/withoutHysteresis.ts";
export { nres } from "./es/nres.ts";
export { pes } from "./es/pes.ts";
export { pesAnalytic } from "./es/pesAnalytic.ts";
export type { PesAnalyticOptions, PesAnalyticState } from "./es/pesAnalytic.ts";
export { reparameterisedEs } from "./es/reparameterisedEs.ts";
export type { ReparameterisedEsOptions, ReparameterisedEsState } from "./es/reparameterisedEs.ts";
export { rtrl } from "./derivatives/rtrl.ts";
export { tbptt } from "./derivatives/tbptt.ts";
export type { TbpttOptions, TbpttState } from "./derivatives/tbptt.ts";
export { telescopingPes } from "./es/telescopingPes.ts";
export type { TelescopingPesOptions, TelescopingState } from "./es/telescopingPes.ts";
export { truncatedEs } from "./es/truncatedEs.ts";
export type { MeanState, TruncatedEsOptions } from "./es/truncatedEs.ts";
export { uoro } from "./derivatives/uoro.ts";
export type { UoroOptions } from "./derivatives/uoro.ts";
export type { PairState, PairUnit } from "./es/noiseReuse.ts";
export type { TangentState } from "./derivatives/tangents.ts";
export { estimatesStart, estimatesProgram, takeEstimates, windowsRunner } from "./takeEstimates.ts";
export type { BetweenEstimates, EstimatesProgram, EstimatesTaken } from "./takeEstimates.ts";
export { createEstimator, estimatorAliases, estimatorEntry, estimatorNames, estimators } from "./registry.ts";
export type {
  ComparedEstimator,
  EstimatorAlias,
  EstimatorEntry,
  EstimatorName,
  EstimatorOptions,
} from "./registry.ts";
export { innerStepsOf, suitsProblem } from "./traits.ts";
export type { EstimatorTraits, ResetKind, VarianceLaw } from "./traits.ts";
