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
