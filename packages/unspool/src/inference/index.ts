/** State-space models, particle filters and smoothers, online variational filtering, flows and annealed importance sampling. */
export { defineStateSpaceModel } from "./stateSpace/defineStateSpaceModel.ts";
export { observationLogProb, requireObservations } from "./stateSpace/observations.ts";
export type { Observations } from "./stateSpace/observations.ts";
export { simulate } from "./stateSpace/simulate.ts";
export type { SimulatedTrajectory } from "./stateSpace/simulate.ts";
export type { StateSpaceModel } from "./stateSpace/stateSpaceModel.ts";
export { backwardKernels } from "./stateSpace/backwardKernels.ts";
export type { BackwardKernels } from "./stateSpace/backwardKernels.ts";
export { kalmanFilter } from "./stateSpace/kalmanFilter.ts";
export type { KalmanFiltered } from "./stateSpace/kalmanFilter.ts";
export { kalmanSmoother } from "./stateSpace/kalmanSmoother.ts";
export type { KalmanSmoothed } from "./stateSpace/kalmanSmoother.ts";
export { linearGaussian } from "./stateSpace/linearGaussian.ts";
export type {
  LinearGaussianModel,
  LinearGaussianOptions,
  ParameterisedLinearGaussian,
} from "./stateSpace/linearGaussian.ts";
export type {
  GivenMatrices,
  LinearGaussianMatrices,
  MatrixName,
} from "./stateSpace/linearGaussianMatrices.ts";
export { lookAheadLikelihood } from "./stateSpace/lookAheadLikelihood.ts";
export type { LookAheadLikelihood } from "./stateSpace/lookAheadLikelihood.ts";
export { densityRatio, trajectoryPairs, twistLogits } from "./particles/densityRatio.ts";
export type { DensityRatio, DensityRatioSettings, TrajectoryPairs } from "./particles/densityRatio.ts";
export { logSumExp } from "./particles/logSumExp.ts";
export { particleBound } from "./particles/particleBound.ts";
export type { ParticleBound } from "./particles/particleBound.ts";
export { particleBoundEstimator } from "./particles/particleBoundEstimator.ts";
export type {
  ParticleBoundEstimatorOptions,
  ParticleBoundEstimatorState,
  ParticlePart,
} from "./particles/particleBoundEstimator.ts";
export type { ParticleBoundOptions, ParticleBoundSettings } from "./particles/particleBoundOptions.ts";
export { particleBounds } from "./particles/particleBounds.ts";
export type { ParticleBoundEntry, ParticleBoundName } from "./particles/particleBounds.ts";
export { particleSweep } from "./particles/particleSweep.ts";
export type { ParticleTheta, Sweep, SweepSettings } from "./particles/particleSweep.ts";
export { partsOptimizer } from "./particles/partsOptimizer.ts";
export type { PartOptimizers } from "./particles/partsOptimizer.ts";
export { positionCode } from "./particles/positionCode.ts";
export type { PositionCodeOptions } from "./particles/positionCode.ts";
export { affineProposal } from "./particles/proposals/affineProposal.ts";
export type { AffineProposalOptions, AffineProposalParams } from "./particles/proposals/affineProposal.ts";
export { bootstrap } from "./particles/proposals/bootstrap.ts";
export { productProposal } from "./particles/proposals/productProposal.ts";
export type { ProductProposalOptions, ProductProposalParams } from "./particles/proposals/productProposal.ts";
export type { Proposal, ProposalPlace } from "./particles/proposals/proposal.ts";
export { recurrentProposal } from "./particles/proposals/recurrentProposal.ts";
export type {
  RecurrentProposalOptions,
  RecurrentProposalParams,
} from "./particles/proposals/recurrentProposal.ts";
export { resamplingCriteria } from "./particles/resampling/criteria.ts";
export type {
  ResamplingCriterion,
  ResamplingCriterionEntry,
  ResamplingCriterionName,
  ResamplingCriterionOptions,
} from "./particles/resampling/criteria.ts";
export { multinomial } from "./particles/resampling/multinomial.ts";
export type { Resampler } from "./particles/resampling/resampler.ts";
export { resamplers } from "./particles/resampling/resamplers.ts";
export type { ResamplerEntry, ResamplerName } from "./particles/resampling/resamplers.ts";
export { stratified } from "./particles/resampling/stratified.ts";
export { systematic } from "./particles/resampling/systematic.ts";
export { resamplingGradients } from "./particles/resamplingScore.ts";
export type { ResamplingGradient } from "./particles/resamplingScore.ts";
export type { ObservedSeries } from "./particles/series.ts";
export { sixo } from "./particles/sixo.ts";
export type { SixoOptions, SixoState } from "./particles/sixo.ts";
export { smooth } from "./particles/smooth.ts";
export type { SmoothedTrajectories } from "./particles/smooth.ts";
export { sweepDiagnostics } from "./particles/sweepDiagnostics.ts";
export type { SweepDiagnostics } from "./particles/sweepDiagnostics.ts";
export { twistTrainer } from "./particles/twistTrainer.ts";
export type { TwistTrainerOptions, TwistTrainerState } from "./particles/twistTrainer.ts";
export { affineGaussianTwist } from "./particles/twists/affineGaussianTwist.ts";
export type {
  AffineGaussianTwistOptions,
  AffineGaussianTwistParams,
} from "./particles/twists/affineGaussianTwist.ts";
export { backwardRecurrentTwist } from "./particles/twists/backwardRecurrentTwist.ts";
export type {
  BackwardRecurrentParams,
  BackwardRecurrentTwistOptions,
} from "./particles/twists/backwardRecurrentTwist.ts";
export { fixedTwist } from "./particles/twists/fixedTwist.ts";
export type { LogTwistFunction } from "./particles/twists/fixedTwist.ts";
export { quadraticMlpTwist } from "./particles/twists/quadraticMlpTwist.ts";
export type { QuadraticMlpParams, QuadraticMlpTwistOptions } from "./particles/twists/quadraticMlpTwist.ts";
export type { Standardise, TwistMoments } from "./particles/twists/standardise.ts";
export type { Twist, TwistPlace } from "./particles/twists/twist.ts";
export { twists } from "./particles/twists/twists.ts";
export type { CommonTwistOptions, TwistEntry, TwistName } from "./particles/twists/twists.ts";
export { windowQuadratureTwist } from "./particles/twists/windowQuadratureTwist.ts";
export type { WindowQuadratureOptions } from "./particles/twists/windowQuadratureTwist.ts";
export { driftSeries, driftSolution, gaussianDrift } from "./stateSpace/gaussianDrift.ts";
export type { DriftSolution, GaussianDriftOptions, GaussianDriftTheta } from "./stateSpace/gaussianDrift.ts";
export { hodgkinHuxley, usableTrace } from "./stateSpace/hodgkinHuxley.ts";
export type { HodgkinHuxleyOptions, HodgkinHuxleyTheta } from "./stateSpace/hodgkinHuxley.ts";
export { stochasticVolatility, volatilityTheta } from "./stateSpace/stochasticVolatility.ts";
export type {
  StochasticVolatilityOptions,
  StochasticVolatilityTheta,
} from "./stateSpace/stochasticVolatility.ts";
export { affineMean, backwardMeans, diagonalMean, mlpMean } from "./online/backwardKernel.ts";
export type {
  AffineParams,
  BackwardMean,
  BackwardMeanEntry,
  BackwardMeanName,
  MlpMeanOptions,
} from "./online/backwardKernel.ts";
export { filterStream } from "./online/filterStream.ts";
export type {
  FilterSnapshot,
  FilterStreamOptions,
  Filtered,
  ObservationSource,
} from "./online/filterStream.ts";
export { gaussianFamily } from "./online/gaussianFamily.ts";
export type { GaussianFamilyOptions, GaussianPair } from "./online/gaussianFamily.ts";
export type { FilterStep, OnlineFilter } from "./online/onlineFilter.ts";
export type { OnlineVariationalOptions, PhiOptions } from "./online/onlineFilterOptions.ts";
export { onlineLearning } from "./online/onlineLearning.ts";
export type { LearnedStep, OnlineLearningOptions, OnlineLearningState } from "./online/onlineLearning.ts";
export { onlineObjectives } from "./online/onlineObjective.ts";
export type { OnlineObjective, OnlineObjectiveName } from "./online/onlineObjective.ts";
export { onlineVariationalFilter } from "./online/onlineVariationalFilter.ts";
export type { OnlineVariationalFilter, OnlineVariationalState } from "./online/onlineVariationalFilter.ts";
export type { PastFunctions } from "./online/pastNames.ts";
export { kernelRidge } from "./online/regressors/kernelRidge.ts";
export type { KernelRidgeOptions, KernelRidgeState } from "./online/regressors/kernelRidge.ts";
export { mlpRegression } from "./online/regressors/mlpRegression.ts";
export type { MlpRegressionOptions, MlpRegressionState } from "./online/regressors/mlpRegression.ts";
export { polarMlpRegression } from "./online/regressors/polarMlpRegression.ts";
export type { PolarMlpRegressionState } from "./online/regressors/polarMlpRegression.ts";
export { quadraticRegression } from "./online/regressors/quadraticRegression.ts";
export type { QuadraticState } from "./online/regressors/quadraticRegression.ts";
export { createRegressor, regressorNames, regressors } from "./online/regressors/registry.ts";
export type { RegressorEntry, RegressorName } from "./online/regressors/registry.ts";
export type { RegressionSamples, Regressor } from "./online/regressors/regressor.ts";
export { ridgeKernels } from "./online/regressors/ridgeKernel.ts";
export type { RidgeKernel, RidgeKernelName } from "./online/regressors/ridgeKernel.ts";
export { zeroRegression } from "./online/regressors/zeroRegression.ts";
export type { StateMoments, VariationalFamily } from "./online/variationalFamily.ts";
export { warmStarts } from "./online/warmStarts.ts";
export type { WarmStart, WarmStartEntry, WarmStartName } from "./online/warmStarts.ts";
export type { Link } from "./online/window.ts";
export { diagonalLinearGaussian, drawDiagonals } from "./stateSpace/diagonalLinearGaussian.ts";
export type {
  DiagonalLinearGaussianModel,
  DiagonalLinearGaussianOptions,
  DiagonalLinearGaussianTheta,
  DiagonalNoise,
} from "./stateSpace/diagonalLinearGaussian.ts";
export { bootstrapFilter } from "./online/baselines/bootstrapFilter.ts";
export type { BootstrapFilterOptions, BootstrapFilterState } from "./online/baselines/bootstrapFilter.ts";
export { ensembleKalman } from "./online/baselines/ensembleKalman.ts";
export type { EnsembleKalmanOptions, EnsembleKalmanState } from "./online/baselines/ensembleKalman.ts";
export { extendedKalman } from "./online/baselines/extendedKalman.ts";
export type { ExtendedKalmanOptions, ExtendedKalmanState } from "./online/baselines/extendedKalman.ts";
export { kalmanLearning } from "./online/baselines/kalmanLearning.ts";
export type { KalmanLearningOptions } from "./online/baselines/kalmanLearning.ts";
export { createOnlineFilter, onlineFilterNames, onlineFilters } from "./online/registry.ts";
export type { CommonFilterOptions, OnlineFilterEntry, OnlineFilterName } from "./online/registry.ts";
export { actNorm } from "./flows/bijectors/actNorm.ts";
export type { ActNormOptions, ActNormParams } from "./flows/bijectors/actNorm.ts";
export { affineCoupling } from "./flows/bijectors/affineCoupling.ts";
export type { AffineCouplingOptions } from "./flows/bijectors/affineCoupling.ts";
export { luLinear } from "./flows/bijectors/luLinear.ts";
export type { LuLinearOptions, LuLinearParams } from "./flows/bijectors/luLinear.ts";
export { rationalQuadratic } from "./flows/bijectors/rationalQuadratic.ts";
export type { RationalQuadraticOptions, RawSpline } from "./flows/bijectors/rationalQuadratic.ts";
export { splineCoupling } from "./flows/bijectors/splineCoupling.ts";
export type { SplineCouplingOptions } from "./flows/bijectors/splineCoupling.ts";
export { defineFlow } from "./flows/flow.ts";
export type { Bijector, Flow, FlowParams, FlowParts, Mapped } from "./flows/flow.ts";
export { gaussianBase, uniformBase } from "./flows/flowBase.ts";
export type {
  FlowBase,
  GaussianBaseOptions,
  GaussianBaseParams,
  UniformBaseOptions,
} from "./flows/flowBase.ts";
export { realNvp } from "./flows/realNvp.ts";
export type { RealNvpOptions } from "./flows/realNvp.ts";
export { splineFlow } from "./flows/splineFlow.ts";
export type { SplineFlowOptions } from "./flows/splineFlow.ts";
export { ais } from "./flows/ais/ais.ts";
export type { Ais, AisOptions, AisResult, AisRun, AisState } from "./flows/ais/ais.ts";
export { aisBetas } from "./flows/ais/aisBetas.ts";
export type { AisSpacing } from "./flows/ais/aisBetas.ts";
export { annealedPath } from "./flows/ais/annealedPoints.ts";
export type {
  AnnealedPath,
  AnnealedPathParts,
  AnnealedPoints,
  LogDensity,
} from "./flows/ais/annealedPoints.ts";
export { hmc, leapfrog } from "./flows/ais/hmc.ts";
export type { HmcOptions, Leapfrog } from "./flows/ais/hmc.ts";
export { metropolis } from "./flows/ais/metropolis.ts";
export type { MetropolisOptions } from "./flows/ais/metropolis.ts";
export type { StepTuning, Transition, TransitionContext } from "./flows/ais/transition.ts";
export { transitions } from "./flows/ais/transitions.ts";
export type { TransitionEntry, TransitionName } from "./flows/ais/transitions.ts";
export type { DensityTarget, TargetModes } from "./flows/targets/densityTarget.ts";
export { dihedralBasins, dihedralPotential } from "./flows/targets/dihedralPotential.ts";
export { funnel } from "./flows/targets/funnel.ts";
export { gaussianMixture } from "./flows/targets/gaussianMixture.ts";
export type { GaussianMixtureOptions } from "./flows/targets/gaussianMixture.ts";
export { gmm40, gmm40Quadratic } from "./flows/targets/gmm40.ts";
export { gmm9 } from "./flows/targets/gmm9.ts";
export { doubleWell, doubleWellFacts, manyWell } from "./flows/targets/manyWell.ts";
export { densityTargets } from "./flows/targets/targets.ts";
export type { DensityTargetEntry } from "./flows/targets/targets.ts";
export type { AdaptiveClipState } from "./flows/training/adaptiveClip.ts";
export { fab, fabFillingSteps } from "./flows/training/fab.ts";
export type { FabState } from "./flows/training/fab.ts";
export type { FabBufferOptions, FabOptions } from "./flows/training/fabOptions.ts";
export type { GradientClip } from "./flows/training/gradientStep.ts";
export { fabLosses } from "./flows/training/losses.ts";
export type { FabLossContext, FabLossEntry, FabLossName } from "./flows/training/losses.ts";
export {
  addToBuffer,
  adjustBuffer,
  drawByAge,
  drawByWeight,
  emptyBuffer,
  takeFromBuffer,
} from "./flows/training/sampleBuffer.ts";
export type { SampleBuffer, WeightedPoints } from "./flows/training/sampleBuffer.ts";
export { diagnoseFlow } from "./flows/diagnostics/diagnoseFlow.ts";
export type { DiagnoseFlowOptions, FlowDiagnosis } from "./flows/diagnostics/diagnoseFlow.ts";
export type { Measured } from "./flows/diagnostics/measured.ts";
export { modeCoverage } from "./flows/diagnostics/modeCoverage.ts";
export type { ModeCoverage } from "./flows/diagnostics/modeCoverage.ts";
export { summariseWeights, weightedMean } from "./flows/diagnostics/summariseWeights.ts";
export type { WeightSummary } from "./flows/diagnostics/summariseWeights.ts";
export { sampleDensity } from "./flows/sampleDensity.ts";
export type { DensitySampler, SampleDensityOptions } from "./flows/sampleDensity.ts";
export { klToKalman } from "./online/klToKalman.ts";
export type { KlToKalmanInputs } from "./online/klToKalman.ts";
export { regressionFit } from "./online/regressionFit.ts";
export type { RegressionFitOptions } from "./online/regressionFit.ts";
export { smootherElbo } from "./online/smootherElbo.ts";
export type { SmootherElbo, SmootherElboOptions } from "./online/smootherElbo.ts";
export { chaoticRnn } from "./stateSpace/chaoticRnn.ts";
export type { ChaoticRnnOptions, ChaoticRnnTheta } from "./stateSpace/chaoticRnn.ts";
export { decodedSequence } from "./stateSpace/decodedSequence.ts";
export type {
  DecodedSequenceOptions,
  DecodedSequenceTheta,
  ResidualBlock,
} from "./stateSpace/decodedSequence.ts";
export { amortisedFamily } from "./online/amortisedFamily.ts";
export type { AmortisedParams, AmortisedPhi } from "./online/amortisedFamily.ts";
export { amortisedFilter } from "./online/amortisedFilter.ts";
export type {
  AmortisedFilter,
  AmortisedFilterOptions,
  AmortisedState,
  AmortisedTheta,
} from "./online/amortisedFilter.ts";
