/** Optimizers and schedules. */
export type { Hyperparameter, LossObservation, Optimizer, Schedule } from "./optimizer.ts";
export { isMatrix } from "./leafChoice.ts";
export type { LeafChoice, LeafPredicate } from "./leafChoice.ts";
export type { WrappedState } from "./wrapping.ts";
export { accumulate } from "./accumulate.ts";
export type { AccumulateOptions, AccumulateState } from "./accumulate.ts";
export { adabelief } from "./adabelief.ts";
export type { AdabeliefOptions } from "./adabelief.ts";
export { adabound } from "./adabound.ts";
export type { AdaboundOptions, AdaboundState } from "./adabound.ts";
export { adadelta } from "./adadelta.ts";
export type { AdadeltaOptions, AdadeltaState } from "./adadelta.ts";
export { adafactor } from "./adafactor.ts";
export type { AdafactorOptions, AdafactorState } from "./adafactor.ts";
export { adagrad } from "./adagrad.ts";
export type { AdagradOptions, AdagradState } from "./adagrad.ts";
export { adam } from "./adam.ts";
export { adamax } from "./adamax.ts";
export type { AdamaxOptions } from "./adamax.ts";
export type { AdamOptions, AdamState, MomentOptions } from "./adamMoments.ts";
export { adamw } from "./adamw.ts";
export type { AdamwOptions } from "./adamw.ts";
export type { AdaptiveAlpha, CurvatureProduct } from "./adaptiveAlpha.ts";
export { adaptiveGradientClip } from "./adaptiveGradientClip.ts";
export type { AdaptiveGradientClipOptions } from "./adaptiveGradientClip.ts";
export { amsgrad } from "./amsgrad.ts";
export type { AmsgradOptions, AmsgradState } from "./amsgrad.ts";
export { clipByGlobalNorm } from "./clipByGlobalNorm.ts";
export type { ClipByGlobalNormOptions } from "./clipByGlobalNorm.ts";
export { clipByValue } from "./clipByValue.ts";
export type { ClipByValueOptions } from "./clipByValue.ts";
export { coupledWeightDecay } from "./coupledWeightDecay.ts";
export type { CoupledWeightDecayOptions } from "./coupledWeightDecay.ts";
export { emaAverage } from "./emaAverage.ts";
export type { EmaAverageOptions, EmaAverageState } from "./emaAverage.ts";
export { gradientNoise } from "./gradientNoise.ts";
export type { GradientNoiseOptions } from "./gradientNoise.ts";
export { lamb } from "./lamb.ts";
export type { LambOptions } from "./lamb.ts";
export { lans } from "./lans.ts";
export type { LansOptions } from "./lans.ts";
export { lars } from "./lars.ts";
export type { LarsOptions, LarsState } from "./lars.ts";
export type { LeafStates } from "./leafStates.ts";
export { lion } from "./lion.ts";
export type { LionOptions, LionState } from "./lion.ts";
export { lookahead, slowParams } from "./lookahead.ts";
export type { LookaheadOptions, LookaheadState } from "./lookahead.ts";
export type { InnerStateAtSync } from "./lookaheadInnerState.ts";
export { masked } from "./masked.ts";
export type { MaskedOptions } from "./masked.ts";
export { momentum } from "./momentum.ts";
export type { MomentumOptions, MomentumState } from "./momentum.ts";
export { isUnderdamped, momentumRate } from "./momentumRate.ts";
export type { MomentumRateOptions } from "./momentumRate.ts";
export { nadam } from "./nadam.ts";
export type { NadamOptions } from "./nadam.ts";
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
export { novograd } from "./novograd.ts";
export type { NovogradOptions, NovogradState } from "./novograd.ts";
export { padam } from "./padam.ts";
export type { PadamOptions, PadamState } from "./padam.ts";
export { polyakAverage } from "./polyakAverage.ts";
export type { PolyakAverageOptions, PolyakAverageState } from "./polyakAverage.ts";
export { radam } from "./radam.ts";
export type { RadamOptions, RadamState } from "./radam.ts";
export { createOptimizer, optimizerEntry, optimizerNames, optimizers } from "./registry.ts";
export type { OptimizerConfig, OptimizerEntry } from "./registry.ts";
export { rmsprop } from "./rmsprop.ts";
export type { RmspropOptions, RmspropState } from "./rmsprop.ts";
export { sgd } from "./sgd.ts";
export type { SgdOptions, SgdState } from "./sgd.ts";
export { shampoo } from "./shampoo.ts";
export type { ShampooOptions, ShampooState } from "./shampoo.ts";
export { signSgd } from "./signSgd.ts";
export type { SignSgdOptions, SignSgdState } from "./signSgd.ts";
export { signum } from "./signum.ts";
export type { SignumOptions, SignumState } from "./signum.ts";
export { sm3 } from "./sm3.ts";
export type { Sm3Options, Sm3State } from "./sm3.ts";
export { swa } from "./swa.ts";
export type { SwaOptions, SwaState } from "./swa.ts";
export type { LayerOptions, NormRange } from "./trustRatio.ts";
export { yogi } from "./yogi.ts";
export type { YogiOptions } from "./yogi.ts";
export { legw, linearScaling, squareRootScaling } from "./schedules/batchScaling.ts";
export type { BatchScaling, LegwScaling } from "./schedules/batchScaling.ts";
export { constantSchedule } from "./schedules/constantSchedule.ts";
export type { ConstantScheduleOptions } from "./schedules/constantSchedule.ts";
export { cosineDecay } from "./schedules/cosineDecay.ts";
export type { CosineDecayOptions } from "./schedules/cosineDecay.ts";
export { cosineRestarts } from "./schedules/cosineRestarts.ts";
export type { CosineRestartsOptions } from "./schedules/cosineRestarts.ts";
export { exponentialDecay } from "./schedules/exponentialDecay.ts";
export type { ExponentialDecayOptions } from "./schedules/exponentialDecay.ts";
export { inverseSquareRoot } from "./schedules/inverseSquareRoot.ts";
export type { InverseSquareRootOptions } from "./schedules/inverseSquareRoot.ts";
export { inverseTimeDecay } from "./schedules/inverseTimeDecay.ts";
export type { InverseTimeDecayOptions } from "./schedules/inverseTimeDecay.ts";
export { joinSchedules } from "./schedules/joinSchedules.ts";
export type { JoinSchedulesOptions } from "./schedules/joinSchedules.ts";
export { linearSchedule } from "./schedules/linearSchedule.ts";
export type { LinearScheduleOptions } from "./schedules/linearSchedule.ts";
export { oneCycle } from "./schedules/oneCycle.ts";
export type { OneCycleOptions } from "./schedules/oneCycle.ts";
export { piecewiseConstant } from "./schedules/piecewiseConstant.ts";
export type { PiecewiseConstantOptions } from "./schedules/piecewiseConstant.ts";
export { polynomialSchedule } from "./schedules/polynomialSchedule.ts";
export type { PolynomialScheduleOptions } from "./schedules/polynomialSchedule.ts";
export { warmup } from "./schedules/warmup.ts";
export type { WarmupOptions } from "./schedules/warmup.ts";
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
export { requireFiniteStep } from "./finiteStep.ts";
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
export { batchSize } from "./curvature/batchSize.ts";
export type { BatchSizeOptions } from "./curvature/batchSize.ts";
export { kfac } from "./curvature/kfac.ts";
export type { Kfac } from "./curvature/kfac.ts";
export type { FisherEstimate, GenericTreatment, KfacOptions } from "./curvature/kfacOptions.ts";
export type { ParameterReport, RegistrationReport } from "./curvature/kfacRegistration.ts";
export type { BlockFactors, BlockInverse, KfacState } from "./curvature/kfacState.ts";
export { layerTaps } from "./curvature/layerTaps.ts";
export type { LayerTaps } from "./curvature/layerTaps.ts";
export { quadraticModel } from "./curvature/quadraticModel.ts";
export type { Products, QuadraticModel } from "./curvature/quadraticModel.ts";
export { blockMatrix, registerLayers, withBlocks } from "./curvature/layerBlocks.ts";
export { dampedDirection, dampedFactors, dampingShare } from "./curvature/dampedFactors.ts";
export type {
  DampedFactors,
  DampedOptions,
  DampingMode,
  Factors,
  MatchNorm,
} from "./curvature/dampedFactors.ts";
export { meanOf as factorMean, inversePositive, secondMoment, solvePositive } from "./curvature/factors.ts";
export type { Eigenbasis, RunningMean as FactorMean } from "./curvature/factors.ts";
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
export { adaHessian } from "./adaHessian.ts";
export type { AdaHessianOptions } from "./adaHessian.ts";
export { entropySgd } from "./entropySgd.ts";
export type { EntropySgdOptions, EntropySgdState } from "./entropySgd.ts";
export { lbfgs } from "./lbfgs.ts";
export type { LbfgsOptions, LbfgsState } from "./lbfgs.ts";
export { lookSam } from "./lookSam.ts";
export type { LookSamOptions, LookSamState } from "./lookSam.ts";
export { newtonCg } from "./newtonCg.ts";
export type { NewtonCgOptions, NewtonCgState } from "./newtonCg.ts";
export { sam } from "./sam.ts";
export type { SamOptions } from "./sam.ts";
export { svrg } from "./svrg.ts";
export type { SvrgOptions, SvrgState } from "./svrg.ts";
export { perExampleNoise } from "./perExampleNoise.ts";
export type { PerExampleNoiseOptions } from "./perExampleNoise.ts";
export { gaussNewtonProduct, hessianProduct } from "./curvature/curvatureProducts.ts";
export type { Compressed, CompressedUnits, Compressor, Reduced } from "./compression/compressor.ts";
export { aboveThreshold } from "./compression/aboveThreshold.ts";
export type { AboveThresholdOptions } from "./compression/aboveThreshold.ts";
export { deepGradientCompression } from "./compression/deepGradientCompression.ts";
export type {
  DeepGradientCompressionOptions,
  DeepGradientCompressionState,
} from "./compression/deepGradientCompression.ts";
export { errorFeedback } from "./compression/errorFeedback.ts";
export type { ErrorFeedbackOptions, ErrorFeedbackState } from "./compression/errorFeedback.ts";
export { majorityVote } from "./compression/majorityVote.ts";
export { naturalCompression } from "./compression/naturalCompression.ts";
export type { NaturalCompressionOptions } from "./compression/naturalCompression.ts";
export { noCompression } from "./compression/noCompression.ts";
export type { StatelessCompressor } from "./compression/noCompression.ts";
export { oneBit } from "./compression/oneBit.ts";
export { powerSgd } from "./compression/powerSgd.ts";
export type { PowerSgdOptions, PowerSgdState } from "./compression/powerSgd.ts";
export { qsgd } from "./compression/qsgd.ts";
export type { QsgdOptions } from "./compression/qsgd.ts";
export { randomK } from "./compression/randomK.ts";
export type { RandomKOptions } from "./compression/randomK.ts";
export { reduceOver } from "./compression/reduceOver.ts";
export { compressorNames, compressors, createCompressor } from "./compression/registry.ts";
export type { CompressorConfig, CompressorEntry, NamedCompressor } from "./compression/registry.ts";
export { scaledSign } from "./compression/scaledSign.ts";
export { ternGrad } from "./compression/ternGrad.ts";
export type { TernGradOptions } from "./compression/ternGrad.ts";
export { topK } from "./compression/topK.ts";
export type { TopKOptions } from "./compression/topK.ts";
export { dataParallel } from "./parallel/dataParallel.ts";
export type { DataParallelOptions, DataParallelState } from "./parallel/dataParallel.ts";
export { elasticAveraging } from "./parallel/elasticAveraging.ts";
export type { ElasticAveragingOptions, ElasticAveragingState } from "./parallel/elasticAveraging.ts";
export { gossipSgd } from "./parallel/gossipSgd.ts";
export type { GossipSgdOptions, GossipSgdState } from "./parallel/gossipSgd.ts";
export { localSgd } from "./parallel/localSgd.ts";
export type { LocalSgdOptions, LocalSgdState } from "./parallel/localSgd.ts";
export { oneBitAdam } from "./parallel/oneBitAdam.ts";
export type { OneBitAdamOptions, OneBitAdamState } from "./parallel/oneBitAdam.ts";
export { shardedObjective } from "./parallel/shards.ts";
export type { ShardedObjective, ShardedObjectiveOptions, Shards } from "./parallel/shards.ts";
export { staleGradients } from "./parallel/staleGradients.ts";
export type { StaleGradientsOptions, StaleGradientsState } from "./parallel/staleGradients.ts";
export { staleSynchronous } from "./parallel/staleSynchronous.ts";
export type { StaleSynchronousOptions, StaleSynchronousState } from "./parallel/staleSynchronous.ts";
export { lossScale } from "./memory/lossScale.ts";
export type { LossScaleOptions, LossScaleState } from "./memory/lossScale.ts";
export { mixedPrecision } from "./memory/mixedPrecision.ts";
export type { MixedPrecisionOptions } from "./memory/mixedPrecision.ts";
export { quantizedState } from "./memory/quantizedState.ts";
export type { QuantizedState, QuantizedStateOptions } from "./memory/quantizedState.ts";
export type { Coded } from "./memory/blockCodes.ts";
export { roundToBfloat16, roundToFloat16 } from "./memory/rounding.ts";
export type { HalfFormat } from "./memory/rounding.ts";
export { shardedState } from "./memory/shardedState.ts";
export type { ShardedStateOptions } from "./memory/shardedState.ts";
export { shardedStateBytes, stateBytes, stateCopies, stateMemoryTable } from "./memory/stateMemory.ts";
export type { ShardedStateBytesOptions, StateMemory } from "./memory/stateMemory.ts";
export { adaScale, adaScaleGain } from "./largeBatches/adaScale.ts";
export type {
  AdaScale,
  AdaScaleNorms,
  AdaScaleOptions,
  AdaScaleState,
  GainOptions,
} from "./largeBatches/adaScale.ts";
export type { BatchController, BatchRange, BatchStatistics } from "./largeBatches/batchController.ts";
export { cabs } from "./largeBatches/cabs.ts";
export type { CabsOptions, CabsState } from "./largeBatches/cabs.ts";
export { doubleEvery } from "./largeBatches/doubleEvery.ts";
export type { DoubleEveryOptions } from "./largeBatches/doubleEvery.ts";
export { followNoiseScale } from "./largeBatches/followNoiseScale.ts";
export type { FollowNoiseScaleOptions, FollowNoiseScaleState } from "./largeBatches/followNoiseScale.ts";
export { batchControllerNames, batchControllers, createBatchController } from "./largeBatches/registry.ts";
export type { BatchControllerEntry } from "./largeBatches/registry.ts";
export type { RunningMean } from "./largeBatches/runningMean.ts";
/** @internal */
export { requireLabels } from "./curvature/targets.ts";
/** @internal */
export { allFinite } from "./leaves.ts";
