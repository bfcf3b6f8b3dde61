/** Optimizers and schedules. */
export type { Hyperparameter, Optimizer, Schedule } from "./optimizer.ts";
export type { LeafChoice, LeafPredicate } from "./leafChoice.ts";
export type { WrappedState } from "./wrapping.ts";
export { accumulate } from "./accumulate.ts";
export type { AccumulateOptions, AccumulateState } from "./accumulate.ts";
export { adagrad } from "./adagrad.ts";
export type { AdagradOptions, AdagradState } from "./adagrad.ts";
export { adam } from "./adam.ts";
export type { AdamOptions, AdamState } from "./adamMoments.ts";
export { adamw } from "./adamw.ts";
export type { AdamwOptions } from "./adamw.ts";
export type { AdaptiveAlpha, CurvatureProduct } from "./adaptiveAlpha.ts";
export { clipByGlobalNorm } from "./clipByGlobalNorm.ts";
export type { ClipByGlobalNormOptions } from "./clipByGlobalNorm.ts";
export { clipByValue } from "./clipByValue.ts";
export type { ClipByValueOptions } from "./clipByValue.ts";
export { emaAverage } from "./emaAverage.ts";
export type { EmaAverageOptions, EmaAverageState } from "./emaAverage.ts";
export { lookahead, slowParams } from "./lookahead.ts";
export type { LookaheadOptions, LookaheadState } from "./lookahead.ts";
export type { InnerStateAtSync } from "./lookaheadInnerState.ts";
export { masked } from "./masked.ts";
export type { MaskedOptions } from "./masked.ts";
export { momentum } from "./momentum.ts";
export type { MomentumOptions, MomentumState } from "./momentum.ts";
export { isUnderdamped, momentumRate } from "./momentumRate.ts";
export type { MomentumRateOptions } from "./momentumRate.ts";
export { nesterov } from "./nesterov.ts";
export type { NesterovOptions, NesterovState } from "./nesterov.ts";
export { noisyQuadratic } from "./noisyQuadratic.ts";
export type {
  QuadraticCurve,
  FixedPoint,
  LossCurve,
  NoisyQuadratic,
  NoisyQuadraticOptions,
  QuadraticWindow,
} from "./noisyQuadratic.ts";
export { polyakAverage } from "./polyakAverage.ts";
export type { PolyakAverageOptions, PolyakAverageState } from "./polyakAverage.ts";
export { createOptimizer, optimizerEntry, optimizerNames, optimizers } from "./registry.ts";
export type { OptimizerConfig, OptimizerEntry } from "./registry.ts";
export { rmsprop } from "./rmsprop.ts";
export type { RmspropOptions, RmspropState } from "./rmsprop.ts";
export { sgd } from "./sgd.ts";
export type { SgdOptions, SgdState } from "./sgd.ts";
export { constantSchedule } from "./schedules/constantSchedule.ts";
export type { ConstantScheduleOptions } from "./schedules/constantSchedule.ts";
export { cosineDecay } from "./schedules/cosineDecay.ts";
export type { CosineDecayOptions } from "./schedules/cosineDecay.ts";
export { exponentialDecay } from "./schedules/exponentialDecay.ts";
export type { ExponentialDecayOptions } from "./schedules/exponentialDecay.ts";
export { inverseTimeDecay } from "./schedules/inverseTimeDecay.ts";
export type { InverseTimeDecayOptions } from "./schedules/inverseTimeDecay.ts";
export { joinSchedules } from "./schedules/joinSchedules.ts";
export type { JoinSchedulesOptions } from "./schedules/joinSchedules.ts";
export { linearSchedule } from "./schedules/linearSchedule.ts";
export type { LinearScheduleOptions } from "./schedules/linearSchedule.ts";
export { piecewiseConstant } from "./schedules/piecewiseConstant.ts";
export type { PiecewiseConstantOptions } from "./schedules/piecewiseConstant.ts";
export { polynomialSchedule } from "./schedules/polynomialSchedule.ts";
export type { PolynomialScheduleOptions } from "./schedules/polynomialSchedule.ts";
export { warmupCosineDecay } from "./schedules/warmupCosineDecay.ts";
export type { WarmupCosineDecayOptions } from "./schedules/warmupCosineDecay.ts";
export { createSchedule, scheduleNames, schedules } from "./schedules/registry.ts";
export type { ScheduleEntry } from "./schedules/registry.ts";
export type { ScheduleValue } from "./schedules/progress.ts";
export type {
  NetworkObjectiveOptions,
  NetworkView,
  Objective,
  ObjectiveOptimizer,
  Phase,
  StepOptions,
  StepOutcome,
} from "./objective.ts";
export { networkObjective } from "./objective.ts";
export { firstOrder } from "./firstOrder.ts";
export { compiledStep } from "./compiledStep.ts";
export type { CompiledStep } from "./compiledStep.ts";
export {
  bernoulliLogits,
  categoricalLogits,
  gaussianLikelihood,
  likelihoods,
} from "./curvature/likelihoods.ts";
export type { Likelihood } from "./curvature/likelihoods.ts";
export type { LayerBlock, RegisteredParameter, Registration } from "./curvature/layerBlocks.ts";
export { blockMatrix, registerLayers, withBlocks } from "./curvature/layerBlocks.ts";
export { layerTaps } from "./curvature/layerTaps.ts";
export type { LayerTaps } from "./curvature/layerTaps.ts";
export { dampedDirection, dampedFactors, dampingShare } from "./curvature/dampedFactors.ts";
export type {
  DampedFactors,
  DampedOptions,
  DampingMode,
  Factors,
  MatchNorm,
} from "./curvature/dampedFactors.ts";
export { inversePositive, meanOf, secondMoment, solvePositive } from "./curvature/factors.ts";
export type { Eigenbasis, RunningMean } from "./curvature/factors.ts";
export { fisherColumns } from "./curvature/fisherColumns.ts";
export type { BlockColumns, FisherColumns } from "./curvature/fisherColumns.ts";
export type { FisherKind } from "./curvature/fisherErrors.ts";
export { fisherQuadratic, fisherVectorProduct, fisherVectorSolve } from "./curvature/fisherVectorSolve.ts";
export type { FisherSolveOptions } from "./curvature/fisherVectorSolve.ts";
export { foof } from "./curvature/foof.ts";
export type { FoofLayer, FoofOptions, FoofState } from "./curvature/foof.ts";
export { kfacSimple } from "./curvature/kfacSimple.ts";
export type { KfacSimpleLayer, KfacSimpleOptions, KfacSimpleState } from "./curvature/kfacSimple.ts";
export { laplaceSample } from "./curvature/laplaceSample.ts";
export type { LaplaceOptions } from "./curvature/laplaceSample.ts";
export type { Generic } from "./curvature/layerwise.ts";
export type { MeasuredState, MeasuringOptimizer } from "./curvature/measuredLayers.ts";
export { naturalGradient } from "./curvature/naturalGradient.ts";
export type {
  FisherBatch,
  KeptFisher,
  NaturalGradientOptions,
  NaturalGradientState,
} from "./curvature/naturalGradient.ts";
export {
  createObjectiveOptimizer,
  objectiveOptimizerNames,
  objectiveOptimizers,
} from "./objectiveRegistry.ts";
export type { ObjectiveOptimizerEntry } from "./objectiveRegistry.ts";
export * from "./learned/index.ts";
