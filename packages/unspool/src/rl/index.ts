/** Reinforcement learners as inner problems, and the bias and variance of their meta-gradients. */
export type { Enumeration, LearningTask } from "./environments/learningTask.ts";
export { bandit, learnedRates } from "./environments/bandit.ts";
export type { BanditAgent, BanditData, BanditOptions, BanditWorld, RateEta } from "./environments/bandit.ts";
export { metaGradient } from "./metaGradients/metaGradient.ts";
export type {
  MetaGradientEstimate,
  MetaGradientEstimator,
  MetaGradientOptions,
  MetaGradientState,
} from "./metaGradients/metaGradient.ts";
export type {
  BaselineFunction,
  MetaGradientSwitches,
  SamplingCorrection,
  WindowOfLifetime,
} from "./metaGradients/metaGradientOptions.ts";
export type { BaselineContext, LifetimeShared, LifetimeUnit } from "./metaGradients/lifetimeProgram.ts";
export type { Observation } from "./metaGradients/surrogate.ts";
export type { HessianMethod } from "./metaGradients/hessianWeights.ts";
export { exactMetaGradient } from "./metaGradients/exactMetaGradient.ts";
export type { ExactMetaGradient } from "./metaGradients/exactMetaGradient.ts";
export { estimatorTable } from "./metaGradients/estimatorTable.ts";
export type { EstimatorRow, EstimatorTable } from "./metaGradients/estimatorTable.ts";
export { lifetimeProblem } from "./metaGradients/lifetimeProblem.ts";
export type { LifetimeProblemOptions, LifetimeState } from "./metaGradients/lifetimeProblem.ts";
export { centralDifferences } from "./metaGradients/centralDifferences.ts";
export type {
  CentralDifferencesEstimate,
  CentralDifferencesEstimator,
  CentralDifferencesOptions,
  CentralDifferencesState,
} from "./metaGradients/centralDifferences.ts";
export { tabularMdp, valuesOf } from "./environments/tabularMdp.ts";
export type { PolicyTable, TabularMdp, Trajectory } from "./environments/tabularMdp.ts";
export { exactReturn } from "./metaGradients/exactReturn.ts";
export type { ReturnDerivatives } from "./metaGradients/exactReturn.ts";
export { expectedHessian, hessianEstimate, sampleTrajectories } from "./metaGradients/hessianEstimate.ts";
export type {
  ExpectedHessian,
  HessianEstimate,
  HessianEstimateOptions,
} from "./metaGradients/hessianEstimate.ts";
export type { AdvantageOptions } from "./metaGradients/advantages.ts";
export { exactDirectional } from "./metaGradients/exactDirectional.ts";
export type { DirectionalOptions } from "./metaGradients/exactDirectional.ts";
export { directionalEstimate } from "./metaGradients/directionalEstimate.ts";
export type { DirectionalEstimateOptions } from "./metaGradients/directionalEstimate.ts";
export { actorCritic } from "./metaGradients/actorCritic.ts";
export type {
  ActorCriticAgent,
  ActorCriticData,
  ActorCriticOptions,
  ActorCriticWorld,
} from "./metaGradients/actorCritic.ts";
export { movingMaze } from "./environments/movingMaze.ts";
export type { MovingMaze, MovingMazeOptions, MovingMazeState } from "./environments/movingMaze.ts";
export { networkActorCritic } from "./metaGradients/networkActorCritic.ts";
export type {
  NetworkActorCriticOptions,
  NetworkAgent,
  NetworkData,
  NetworkWorld,
} from "./metaGradients/networkActorCritic.ts";
export { maze } from "./environments/maze.ts";
export type { Maze, MazeOptions } from "./environments/maze.ts";
export { replayedTask } from "./metaGradients/replayedTask.ts";
export type { ReplayAgent, ReplayData, ReplayOptions } from "./metaGradients/replayedTask.ts";
export { ownValues } from "./metaGradients/ownValues.ts";
export { segmentAdvantages } from "./actorCritic/segmentAdvantages.ts";
export { criticTargets } from "./actorCritic/criticTargets.ts";
export type { DiscountOptions, SegmentRecord } from "./actorCritic/segmentRecord.ts";
export { segmentWeights } from "./actorCritic/segmentWeights.ts";
export type { SegmentWeightOptions } from "./actorCritic/segmentWeights.ts";
export { zerothOrderGradient } from "./actorCritic/zerothOrderGradient.ts";
export type { ZerothOrderGradientOptions } from "./actorCritic/zerothOrderGradient.ts";
export { segmentPlayer } from "./actorCritic/segmentPlayer.ts";
export type { SegmentPlayer, SegmentPlayerOptions } from "./actorCritic/segmentPlayer.ts";
export { segmentRecords } from "./actorCritic/playedSegments.ts";
export type { PlayedSegments } from "./actorCritic/playedSegments.ts";
export type { Samplers } from "./actorCritic/segmentProgram.ts";
export { playSampler, samplerSlot, simulatedSamplers } from "./actorCritic/simulatedSegments.ts";
export type {
  SamplerSlot,
  SegmentBatch,
  SimulatedSamplers,
  SimulatedSamplersOptions,
} from "./actorCritic/simulatedSegments.ts";
export type { CriticOptions, CriticState } from "./actorCritic/critic.ts";
export { zoacEstimator } from "./actorCritic/zoacEstimator.ts";
export type { ZoacEstimator, ZoacEstimatorOptions } from "./actorCritic/zoacEstimator.ts";
export { zoac } from "./actorCritic/zoac.ts";
export type { ZoacOptions } from "./actorCritic/zoac.ts";
export { zoacSearch } from "./actorCritic/zoacSearch.ts";
export type { ZoacSearchOptions, ZoacSearchState } from "./actorCritic/zoacSearch.ts";
export type { SegmentJudgement, ZoacCommonOptions, ZoacParts } from "./actorCritic/zoacOptions.ts";
export { ppo } from "./actorCritic/ppo.ts";
export type { PpoState } from "./actorCritic/ppo.ts";
export type { PpoOptions } from "./actorCritic/ppoOptions.ts";
export { randomPolicy } from "./actorCritic/randomPolicy.ts";
export type { ZoacMetrics, ZoacState } from "./actorCritic/zoacUpdate.ts";
export { linearPolicy } from "./actorCritic/policies/linearPolicy.ts";
export type { LinearPolicyOptions, LinearTheta } from "./actorCritic/policies/linearPolicy.ts";
export { networkPolicy } from "./actorCritic/policies/networkPolicy.ts";
export type {
  NetworkPolicyLayer,
  NetworkPolicyOptions,
  NetworkTheta,
} from "./actorCritic/policies/networkPolicy.ts";
export { parameterMap } from "./actorCritic/policies/parameterMap.ts";
export type { ParameterMap, ParameterRange } from "./actorCritic/policies/parameterMap.ts";
export { tunedController } from "./actorCritic/policies/tunedController.ts";
export type {
  ControllerTheta,
  TunedController,
  TunedControllerOptions,
} from "./actorCritic/policies/tunedController.ts";
export { defineEnvironment } from "./environments/environment.ts";
export type { Environment, EnvironmentOptions, EnvironmentStep, Policy } from "./environments/environment.ts";
export { boxSpace, clipToSpace, discreteSpace, spaceShape, spaceSize } from "./environments/space.ts";
export type { BoxSpace, BoxSpaceOptions, DiscreteSpace, Space } from "./environments/space.ts";
export type { Scene, SceneDisc, ScenePath, SceneRole } from "./environments/scene.ts";
export { episodePlayer } from "./environments/episodePlayer.ts";
export type {
  EpisodePlayer,
  EpisodePlayerOptions,
  Episodes,
  PlayOptions,
  Trajectories,
} from "./environments/episodePlayer.ts";
export { addMoments, emptyMoments, momentsOf } from "./environments/runningMoments.ts";
export type { RunningMoments } from "./environments/runningMoments.ts";
export {
  applyFilter,
  arsFilter,
  emptyRunningFilter,
  filterOf,
  filteredPolicy,
  plainFilter,
  updateRunningFilter,
} from "./environments/observationFilter.ts";
export type {
  Filter,
  FilteredPolicyOptions,
  FilteredTheta,
  MeanAndDeviation,
  PolicyFilter,
  RunningFilter,
} from "./environments/observationFilter.ts";
export { cartPole } from "./environments/cartPole.ts";
export type { CartPoleState } from "./environments/cartPole.ts";
export type { EnvironmentSettings } from "./environments/environmentSettings.ts";
export { pendulum } from "./environments/pendulum.ts";
export type { RodState } from "./environments/pendulum.ts";
export { mountainCarContinuous } from "./environments/mountainCarContinuous.ts";
export type { MountainCarState } from "./environments/mountainCarContinuous.ts";
export { acrobot } from "./environments/acrobot.ts";
export type { AcrobotState } from "./environments/acrobot.ts";
export { lqr } from "./environments/lqr.ts";
export type { LqrOptions, LqrState } from "./environments/lqr.ts";
export { adaptiveCruise, cruisePid } from "./environments/adaptiveCruise.ts";
export type {
  AdaptiveCruiseOptions,
  CruisePidOptions,
  CruiseState,
  PidTheta,
} from "./environments/adaptiveCruise.ts";
export { pathTracking, steeringLaw } from "./environments/pathTracking.ts";
export type { SteeringTheta, TrackingState } from "./environments/pathTracking.ts";
export { environments } from "./environments/environments.ts";
export type { EnvironmentEntry } from "./environments/environments.ts";
export { simulatedEnvironment } from "./environments/simulatedEnvironment.ts";
export type {
  SimulatedEnvironment,
  SimulatedEnvironmentOptions,
  SimulatedStep,
  SimulatorInstance,
} from "./environments/simulatedEnvironment.ts";
export { designTask } from "./design/designTask.ts";
export type { DesignTask, DesignTaskOptions, Disturbance } from "./design/designTask.ts";
export { massSpringDamper, massSpringForces, massSpringRule } from "./design/systems/massSpringDamper.ts";
export type { MassSpringDamperOptions } from "./design/systems/massSpringDamper.ts";
export { baseLoadRule, loadFollowingRule, microgrid } from "./design/systems/microgrid.ts";
export type { MicrogridOptions } from "./design/systems/microgrid.ts";
export { droneEllipse } from "./design/systems/droneEllipse.ts";
export type { DroneEllipseOptions } from "./design/systems/droneEllipse.ts";
export type { DronePhysics } from "./design/systems/droneBody.ts";
export { linearGaussianDesign } from "./design/systems/linearGaussianDesign.ts";
export type {
  LinearGaussianDesign,
  LinearGaussianDesignOptions,
} from "./design/systems/linearGaussianDesign.ts";
export { categoricalPolicy } from "./design/policies/categoricalPolicy.ts";
export type { CategoricalPolicyOptions } from "./design/policies/categoricalPolicy.ts";
export { gaussianPolicy } from "./design/policies/gaussianPolicy.ts";
export type { GaussianPolicyOptions } from "./design/policies/gaussianPolicy.ts";
export { linearFeedback } from "./design/policies/linearFeedback.ts";
export type { LinearFeedbackOptions, LinearFeedbackTheta } from "./design/policies/linearFeedback.ts";
export type { DesignPolicy, PolicyLayer, PolicyNetworkOptions } from "./design/policies/policy.ts";
export { depsEstimator } from "./design/depsEstimator.ts";
export type { DepsEstimate, DepsEstimator, DepsEstimatorState } from "./design/depsEstimator.ts";
export type { DepsEstimatorOptions } from "./design/depsOptions.ts";
export { deps } from "./design/deps.ts";
export type { DepsOptions, DepsState } from "./design/deps.ts";
export type { DesignOptimizers, DesignUpdateState } from "./design/designUpdate.ts";
export type { DesignTheta } from "./design/trajectories.ts";
export { initJodc, jodc, jodcDesign } from "./design/jodc.ts";
export type { DesignDistribution, JodcOptions, JodcState, JodcTheta } from "./design/jodc.ts";
export { designEvaluator, policyEvaluator } from "./design/evaluateDesign.ts";
export type { DesignController, DesignEvaluation, EvaluateDesignOptions } from "./design/evaluateDesign.ts";
export { gridSearch } from "./design/gridSearch.ts";
export type { GridSearchOptions, GridSearchState } from "./design/gridSearch.ts";
export { nestedSearch, trainedFor } from "./design/nestedSearch.ts";
export type { InnerTraining, NestedSearchOptions } from "./design/nestedSearch.ts";
export { choiceSimulated } from "./environments/choiceSimulated.ts";
export { requireSimulatorPlayer } from "./environments/requireSimulatorPlayer.ts";
export type { EnvironmentAndPolicy } from "./environments/requireSimulatorPlayer.ts";
export { playSimulated } from "./environments/playSimulated.ts";
export type {
  PlaySimulatedOptions,
  SimulatedEpisode,
  SimulatedFilter,
  SimulatedPolicy,
} from "./environments/playSimulated.ts";
export { linearSimulated, mlpSimulated } from "./environments/simulatedPolicies.ts";
export type { LinearSimulatedOptions, MlpSimulatedOptions } from "./environments/simulatedPolicies.ts";
export { environmentLoss, lossesOf } from "./environments/environmentLoss.ts";
export { stackedNumbers } from "./environments/stackedNumbers.ts";
export { candidatesOf } from "./environments/episodePlayer.ts";
export type { EnvironmentLossOptions, EvaluateCandidates } from "./environments/environmentLoss.ts";
export { episodeObservations, episodeScenes } from "./environments/episodeScenes.ts";
export type { EpisodeScenesOptions, LabelledScene } from "./environments/episodeScenes.ts";
