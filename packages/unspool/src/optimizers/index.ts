/** Optimizers and schedules. */
export type { Hyperparameter, LossObservation, Optimizer, Schedule } from "./optimizer.ts";
export { isMatrix } from "./wrappers/leafChoice.ts";
export type { LeafChoice, LeafPredicate } from "./wrappers/leafChoice.ts";
export { requireOptimizer } from "./wrappers/wrapping.ts";
export type { WrappedState } from "./wrappers/wrapping.ts";
export { accumulate } from "./wrappers/accumulate.ts";
export type { AccumulateOptions, AccumulateState } from "./wrappers/accumulate.ts";
export { adabelief } from "./rules/adabelief.ts";
export type { AdabeliefOptions } from "./rules/adabelief.ts";
export { adabound } from "./rules/adabound.ts";
export type { AdaboundOptions, AdaboundState } from "./rules/adabound.ts";
export { adadelta } from "./rules/adadelta.ts";
export type { AdadeltaOptions, AdadeltaState } from "./rules/adadelta.ts";
export { adafactor } from "./rules/adafactor.ts";
export type { AdafactorOptions, AdafactorState } from "./rules/adafactor.ts";
export { adagrad } from "./rules/adagrad.ts";
export type { AdagradOptions, AdagradState } from "./rules/adagrad.ts";
export { adam } from "./rules/adam.ts";
export { adamax } from "./rules/adamax.ts";
export type { AdamaxOptions } from "./rules/adamax.ts";
export type { AdamOptions, AdamState, MomentOptions } from "./rules/adamMoments.ts";
export { adamw } from "./rules/adamw.ts";
export type { AdamwOptions } from "./rules/adamw.ts";
export type { AdaptiveAlpha, CurvatureProduct } from "./wrappers/adaptiveAlpha.ts";
export { adaptiveGradientClip } from "./wrappers/adaptiveGradientClip.ts";
export type { AdaptiveGradientClipOptions } from "./wrappers/adaptiveGradientClip.ts";
export { amsgrad } from "./rules/amsgrad.ts";
export type { AmsgradOptions, AmsgradState } from "./rules/amsgrad.ts";
export { clipByGlobalNorm } from "./wrappers/clipByGlobalNorm.ts";
export type { ClipByGlobalNormOptions, ClipByGlobalNormState } from "./wrappers/clipByGlobalNorm.ts";
export { clipByValue } from "./wrappers/clipByValue.ts";
export type { ClipByValueOptions } from "./wrappers/clipByValue.ts";
export { coupledWeightDecay } from "./wrappers/coupledWeightDecay.ts";
export type { CoupledWeightDecayOptions } from "./wrappers/coupledWeightDecay.ts";
export { emaAverage } from "./wrappers/emaAverage.ts";
export type { EmaAverageOptions, EmaAverageState } from "./wrappers/emaAverage.ts";
export { gradientNoise } from "./wrappers/gradientNoise.ts";
export type { GradientNoiseOptions } from "./wrappers/gradientNoise.ts";
export { lamb } from "./rules/lamb.ts";
export type { LambOptions } from "./rules/lamb.ts";
export { lans } from "./rules/lans.ts";
export type { LansOptions } from "./rules/lans.ts";
export { lars } from "./rules/lars.ts";
export type { LarsOptions, LarsState } from "./rules/lars.ts";
export type { LeafStates } from "./rules/leafStates.ts";
export { lion } from "./rules/lion.ts";
export type { LionOptions, LionState } from "./rules/lion.ts";
export { lookahead, slowParams } from "./wrappers/lookahead.ts";
export type { LookaheadOptions, LookaheadState } from "./wrappers/lookahead.ts";
export type { InnerStateAtSync } from "./wrappers/lookaheadInnerState.ts";
export { masked } from "./wrappers/masked.ts";
export type { MaskedOptions } from "./wrappers/masked.ts";
export { momentum } from "./rules/momentum.ts";
export type { MomentumOptions, MomentumState } from "./rules/momentum.ts";
export { isUnderdamped, momentumRate } from "./rules/momentumRate.ts";
export type { MomentumRateOptions } from "./rules/momentumRate.ts";
export { nadam } from "./rules/nadam.ts";
export type { NadamOptions } from "./rules/nadam.ts";
export { nesterov } from "./rules/nesterov.ts";
export type { NesterovOptions, NesterovState } from "./rules/nesterov.ts";
export { novograd } from "./rules/novograd.ts";
export type { NovogradOptions, NovogradState } from "./rules/novograd.ts";
export { padam } from "./rules/padam.ts";
export type { PadamOptions, PadamState } from "./rules/padam.ts";
export { polyakAverage } from "./wrappers/polyakAverage.ts";
export type { PolyakAverageOptions, PolyakAverageState } from "./wrappers/polyakAverage.ts";
export { radam } from "./rules/radam.ts";
export type { RadamOptions, RadamState } from "./rules/radam.ts";
export { createOptimizer, optimizerEntry, optimizerNames, optimizers } from "./registry.ts";
export type { OptimizerConfig, OptimizerEntry } from "./registry.ts";
export type { ObjectiveOptimizerTraits, OptimizerTraits, ConformanceTraits } from "./traits.ts";
export { rmsprop } from "./rules/rmsprop.ts";
export type { RmspropOptions, RmspropState } from "./rules/rmsprop.ts";
export { sgd } from "./rules/sgd.ts";
export type { SgdOptions, SgdState } from "./rules/sgd.ts";
export { shampoo } from "./rules/shampoo.ts";
export type { ShampooOptions, ShampooState } from "./rules/shampoo.ts";
export { signSgd } from "./rules/signSgd.ts";
export type { SignSgdOptions, SignSgdState } from "./rules/signSgd.ts";
export { signum } from "./rules/signum.ts";
export type { SignumOptions, SignumState } from "./rules/signum.ts";
export { sm3 } from "./rules/sm3.ts";
export type { Sm3Options, Sm3State } from "./rules/sm3.ts";
export { swa } from "./wrappers/swa.ts";
export type { SwaOptions, SwaState } from "./wrappers/swa.ts";
export type { LayerOptions, NormRange } from "./rules/trustRatio.ts";
export { yogi } from "./rules/yogi.ts";
export type { YogiOptions } from "./rules/yogi.ts";
export { adamod } from "./rules/adamod.ts";
export type { AdamodOptions, AdamodState } from "./rules/adamod.ts";
export { ademamix } from "./rules/ademamix.ts";
export type { AdemamixOptions, AdemamixState } from "./rules/ademamix.ts";
export { madgrad } from "./rules/madgrad.ts";
export type { MadgradOptions, MadgradState } from "./rules/madgrad.ts";
export { optimisticAdam } from "./rules/optimisticAdam.ts";
export type { OptimisticAdamOptions, OptimisticAdamState } from "./rules/optimisticAdam.ts";
export { optimisticSgd } from "./rules/optimisticSgd.ts";
export type { OptimisticSgdOptions, OptimisticSgdState } from "./rules/optimisticSgd.ts";
export { prodigy } from "./rules/prodigy.ts";
export type { ProdigyOptions, ProdigyState } from "./rules/prodigy.ts";
export { dAdaptAdam } from "./rules/dAdaptAdam.ts";
export type { DAdaptAdamOptions, DAdaptAdamState } from "./rules/dAdaptAdam.ts";
export { fromage } from "./rules/fromage.ts";
export type { FromageOptions, FromageState } from "./rules/fromage.ts";
export { nadamw } from "./rules/nadamw.ts";
export type { NadamwOptions } from "./rules/nadamw.ts";
export { optList } from "./rules/optList.ts";
export type { OptListOptions } from "./rules/optList.ts";
export { qhm } from "./rules/qhm.ts";
export type { QhmOptions, QhmState } from "./rules/qhm.ts";
export { scheduleFreeAdamw } from "./rules/scheduleFreeAdamw.ts";
export type { ScheduleFreeAdamwOptions, ScheduleFreeAdamwState } from "./rules/scheduleFreeAdamw.ts";
export { sgdp } from "./rules/sgdp.ts";
export type { SgdpOptions, SgdpState } from "./rules/sgdp.ts";
export { swats } from "./rules/swats.ts";
export type { SwatsOptions, SwatsState } from "./rules/swats.ts";
export { adamp } from "./rules/adamp.ts";
export type { AdampOptions } from "./rules/adamp.ts";
export { muon } from "./rules/muon.ts";
export type { MuonOptions } from "./rules/muon.ts";
export { qhadam } from "./rules/qhadam.ts";
export type { QhadamOptions } from "./rules/qhadam.ts";
export { scheduleFreeSgd } from "./rules/scheduleFreeSgd.ts";
export type { ScheduleFreeSgdOptions } from "./rules/scheduleFreeSgd.ts";
export type { ScheduleFreeOptions, ScheduleFreeState } from "./rules/scheduleFree.ts";
export type { DistanceOptions } from "./rules/distance.ts";
export type { RadialOptions } from "./rules/withoutRadial.ts";
export { soap } from "./rules/soap.ts";
export type { SoapAxis, SoapOptions, SoapState } from "./rules/soap.ts";
export { reptile } from "./wrappers/reptile.ts";
export type { ReptileOptions } from "./wrappers/reptile.ts";
export { slowMo } from "./wrappers/slowMo.ts";
export type { SlowMoOptions } from "./wrappers/slowMo.ts";
export { reduceOnPlateau } from "./wrappers/reduceOnPlateau.ts";
export type { ReduceOnPlateauOptions, ReduceOnPlateauState } from "./wrappers/reduceOnPlateau.ts";
export { partition } from "./wrappers/partition.ts";
export type { PartitionOptions, PartitionState } from "./wrappers/partition.ts";
export type { LabelTree, LeafLabel, LeafLabels } from "./wrappers/leafLabels.ts";
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
} from "./objective/objective.ts";
export { networkObjective } from "./objective/objective.ts";
export { firstOrder } from "./objective/firstOrder.ts";
export { requireFiniteStep } from "./objective/finiteStep.ts";
export { compiledStep } from "./objective/compiledStep.ts";
export type { CompiledStep } from "./objective/compiledStep.ts";
export {
  bernoulliLogits,
  categoricalLogits,
  gaussianLikelihood,
  likelihoods,
} from "./curvature/likelihoods.ts";
export type { Likelihood } from "./curvature/likelihoods.ts";
export type { LayerBlock, RegisteredParameter, Registration } from "./curvature/layerBlocks.ts";
export type { LayerKind } from "./curvature/layerRecorder.ts";
export { batchSize } from "./curvature/batchSize.ts";
export type { BatchSizeOptions } from "./curvature/batchSize.ts";
export { kfac } from "./curvature/kfac.ts";
export type { Kfac } from "./curvature/kfac.ts";
export type { FisherEstimate, GenericTreatment, KfacOptions } from "./curvature/kfacOptions.ts";
export type { BlockReport, ParameterReport, RegistrationReport } from "./curvature/registrationReport.ts";
export type { BlockFactors, BlockInverse, KfacState } from "./curvature/kfacState.ts";
export { layerTaps } from "./curvature/layerTaps.ts";
export type { LayerTaps } from "./curvature/layerTaps.ts";
export { useOutsideLayers } from "./curvature/useOutsideLayers.ts";
export { outputTaps } from "./curvature/outputTaps.ts";
export type { OutputTaps } from "./curvature/outputTaps.ts";
export type { FactorCondition, FactorReport } from "./curvature/factorReport.ts";
export type { FactorPrecision } from "./curvature/precision.ts";
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
export { kroneckerSolver } from "./curvature/kroneckerSolver.ts";
export type { KroneckerSolver, KroneckerSolverOptions } from "./curvature/kroneckerSolver.ts";
export { tridiagonalSolver } from "./curvature/tridiagonalSolver.ts";
export type { ChainBlock, TridiagonalSolver } from "./curvature/tridiagonalSolver.ts";
export { laplaceMove, laplaceSample } from "./curvature/laplaceSample.ts";
export type { LaplaceDraws, LaplaceOptions } from "./curvature/laplaceSample.ts";
export type { Generic } from "./curvature/layerwise.ts";
export type { MeasuredState, MeasuringOptimizer } from "./curvature/measuredLayers.ts";
export { naturalGradient } from "./curvature/naturalGradient.ts";
export type {
  FisherBatch,
  KeptFisher,
  NaturalGradient,
  NaturalGradientOptions,
  NaturalGradientState,
} from "./curvature/naturalGradient.ts";
export {
  createObjectiveOptimizer,
  objectiveOptimizerNames,
  objectiveOptimizers,
} from "./objective/objectiveRegistry.ts";
export type { ObjectiveOptimizerEntry } from "./objective/objectiveRegistry.ts";
export * from "./learned/index.ts";
export { adaHessian } from "./objective/adaHessian.ts";
export type { AdaHessianOptions } from "./objective/adaHessian.ts";
export { entropySgd } from "./objective/entropySgd.ts";
export type { EntropySgdOptions, EntropySgdState } from "./objective/entropySgd.ts";
export { lbfgs } from "./objective/lbfgs.ts";
export type { LbfgsOptions, LbfgsState } from "./objective/lbfgs.ts";
export { lookSam } from "./objective/lookSam.ts";
export type { LookSamOptions, LookSamState } from "./objective/lookSam.ts";
export { newtonCg } from "./objective/newtonCg.ts";
export type { NewtonCgOptions, NewtonCgState } from "./objective/newtonCg.ts";
export { sam } from "./objective/sam.ts";
export type { SamOptions } from "./objective/sam.ts";
export { privateGradients } from "./objective/privateGradients.ts";
export type { PrivateGradientsOptions } from "./objective/privateGradients.ts";
export { zoomLineSearch } from "./objective/zoomLineSearch.ts";
export type { ZoomLineSearchOptions } from "./objective/zoomLineSearch.ts";
export { svrg } from "./objective/svrg.ts";
export type { SvrgOptions, SvrgState } from "./objective/svrg.ts";
export { perExampleNoise } from "./objective/perExampleNoise.ts";
export type { PerExampleNoiseOptions } from "./objective/perExampleNoise.ts";
export { gaussNewtonProduct, hessianProduct } from "./curvature/curvatureProducts.ts";
export type {
  Compressed,
  CompressedUnits,
  Compressor,
  Reduced,
} from "./communication/compression/compressor.ts";
export { aboveThreshold } from "./communication/compression/aboveThreshold.ts";
export type { AboveThresholdOptions } from "./communication/compression/aboveThreshold.ts";
export { deepGradientCompression } from "./communication/compression/deepGradientCompression.ts";
export type {
  DeepGradientCompressionOptions,
  DeepGradientCompressionState,
} from "./communication/compression/deepGradientCompression.ts";
export { errorFeedback } from "./communication/compression/errorFeedback.ts";
export type { ErrorFeedbackOptions, ErrorFeedbackState } from "./communication/compression/errorFeedback.ts";
export { majorityVote } from "./communication/compression/majorityVote.ts";
export { naturalCompression } from "./communication/compression/naturalCompression.ts";
export type { NaturalCompressionOptions } from "./communication/compression/naturalCompression.ts";
export { noCompression } from "./communication/compression/noCompression.ts";
export type { StatelessCompressor } from "./communication/compression/noCompression.ts";
export { oneBit } from "./communication/compression/oneBit.ts";
export { powerSgd } from "./communication/compression/powerSgd.ts";
export type { PowerSgdOptions, PowerSgdState } from "./communication/compression/powerSgd.ts";
export { qsgd } from "./communication/compression/qsgd.ts";
export type { QsgdOptions } from "./communication/compression/qsgd.ts";
export { randomK } from "./communication/compression/randomK.ts";
export type { RandomKOptions } from "./communication/compression/randomK.ts";
export { reduceOver } from "./communication/compression/reduceOver.ts";
export { compressorNames, compressors, createCompressor } from "./communication/compression/registry.ts";
export type {
  CompressorConfig,
  CompressorEntry,
  NamedCompressor,
} from "./communication/compression/registry.ts";
export { scaledSign } from "./communication/compression/scaledSign.ts";
export { ternGrad } from "./communication/compression/ternGrad.ts";
export type { TernGradOptions } from "./communication/compression/ternGrad.ts";
export { topK } from "./communication/compression/topK.ts";
export type { TopKOptions } from "./communication/compression/topK.ts";
export { dataParallel } from "./communication/parallel/dataParallel.ts";
export type { DataParallelOptions, DataParallelState } from "./communication/parallel/dataParallel.ts";
export { oneBitLamb } from "./communication/parallel/oneBitLamb.ts";
export type { OneBitLambOptions, OneBitLambState } from "./communication/parallel/oneBitLamb.ts";
export { shardedGradients } from "./communication/parallel/shardedGradients.ts";
export type {
  ShardedGradientsOptions,
  ShardedGradientsState,
} from "./communication/parallel/shardedGradients.ts";
export { elasticAveraging } from "./communication/parallel/elasticAveraging.ts";
export type {
  ElasticAveragingOptions,
  ElasticAveragingState,
} from "./communication/parallel/elasticAveraging.ts";
export { gossipSgd } from "./communication/parallel/gossipSgd.ts";
export type { GossipSgdOptions, GossipSgdState } from "./communication/parallel/gossipSgd.ts";
export { localSgd } from "./communication/parallel/localSgd.ts";
export type { LocalSgdOptions, LocalSgdState } from "./communication/parallel/localSgd.ts";
export { oneBitAdam } from "./communication/parallel/oneBitAdam.ts";
export type { OneBitAdamOptions, OneBitAdamState } from "./communication/parallel/oneBitAdam.ts";
export { shardedObjective } from "./communication/parallel/shards.ts";
export type { ShardedObjective, ShardedObjectiveOptions, Shards } from "./communication/parallel/shards.ts";
export { staleGradients } from "./communication/parallel/staleGradients.ts";
export type { StaleGradientsOptions, StaleGradientsState } from "./communication/parallel/staleGradients.ts";
export { staleSynchronous } from "./communication/parallel/staleSynchronous.ts";
export type {
  StaleSynchronousOptions,
  StaleSynchronousState,
} from "./communication/parallel/staleSynchronous.ts";
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
export { stateBytes } from "./memory/stateBytes.ts";
export { shardedStateBytes, stateCopies, stateMemoryTable } from "./memory/stateMemory.ts";
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
