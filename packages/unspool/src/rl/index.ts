/** Reinforcement learners as inner problems, and the bias and variance of their meta-gradients. */
export type { Enumeration, LearningTask } from "./learningTask.ts";
export { bandit, learnedRates } from "./bandit.ts";
export type { BanditAgent, BanditData, BanditOptions, BanditWorld, RateEta } from "./bandit.ts";
export { metaGradient } from "./metaGradient.ts";
export type {
  MetaGradientEstimate,
  MetaGradientEstimator,
  MetaGradientOptions,
  MetaGradientState,
} from "./metaGradient.ts";
export type {
  BaselineFunction,
  MetaGradientSwitches,
  SamplingCorrection,
  WindowOfLifetime,
} from "./metaGradientOptions.ts";
export type { BaselineContext, LifetimeShared, LifetimeUnit } from "./lifetimeProgram.ts";
export type { Observation } from "./surrogate.ts";
export type { HessianMethod } from "./hessianWeights.ts";
export { exactMetaGradient } from "./exactMetaGradient.ts";
export type { ExactMetaGradient } from "./exactMetaGradient.ts";
export { estimatorTable } from "./estimatorTable.ts";
export type { EstimatorRow, EstimatorTable } from "./estimatorTable.ts";
export { lifetimeProblem } from "./lifetimeProblem.ts";
export type { LifetimeProblemOptions, LifetimeState } from "./lifetimeProblem.ts";
export { centralDifferences } from "./centralDifferences.ts";
export type {
  CentralDifferencesEstimate,
  CentralDifferencesEstimator,
  CentralDifferencesOptions,
  CentralDifferencesState,
} from "./centralDifferences.ts";
export { tabularMdp, valuesOf } from "./tabularMdp.ts";
export type { PolicyTable, TabularMdp, Trajectory } from "./tabularMdp.ts";
export { exactReturn } from "./exactReturn.ts";
export type { ReturnDerivatives } from "./exactReturn.ts";
export { expectedHessian, hessianEstimate, sampleTrajectories } from "./hessianEstimate.ts";
export type { ExpectedHessian, HessianEstimate, HessianEstimateOptions } from "./hessianEstimate.ts";
export type { AdvantageOptions } from "./advantages.ts";
export { exactDirectional } from "./exactDirectional.ts";
export type { DirectionalOptions } from "./exactDirectional.ts";
export { directionalEstimate } from "./directionalEstimate.ts";
export type { DirectionalEstimateOptions } from "./directionalEstimate.ts";
export { actorCritic } from "./actorCritic.ts";
export type {
  ActorCriticAgent,
  ActorCriticData,
  ActorCriticOptions,
  ActorCriticWorld,
} from "./actorCritic.ts";
export { maze } from "./maze.ts";
export type { Maze, MazeOptions } from "./maze.ts";
export { ownValues } from "./ownValues.ts";
