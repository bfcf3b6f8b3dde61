/** Ready inner problems. */
export { influenceBalancing } from "./influenceBalancing.ts";
export type { InfluenceBalancingOptions } from "./influenceBalancing.ts";
export { linearSystem } from "./linearSystem.ts";
export type { LinearSystemOptions } from "./linearSystem.ts";
export { surface, toyRegression } from "./toyRegression.ts";
export type { ToyRegressionOptions, ToyRegressionTheta } from "./toyRegression.ts";
export { applyMlp, initMlp } from "./mlp.ts";
export type { Layer } from "./mlp.ts";
export { mixedTuning } from "./mixedTuning.ts";
export type { MixedTheta, MixedTuningOptions } from "./mixedTuning.ts";
export { ridgeLoss, ridgeTuning, ridgeWeights } from "./ridgeTuning.ts";
export type { RegressionData, RidgeTheta, RidgeTuningOptions } from "./ridgeTuning.ts";
export { crossEntropy, errorRate, learningRate, scheduleTuning } from "./scheduleTuning.ts";
export type { LabelledData, ScheduleTheta, ScheduleTuningOptions, TrainingState } from "./scheduleTuning.ts";
