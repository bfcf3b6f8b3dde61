/** What a loop does to gradients, measured: spectra, growth, bias and variance of estimators. */
export { moments } from "./moments.ts";
export type { Moments } from "./moments.ts";
export { byLeaf, compareEstimators } from "./compareEstimators.ts";
export type { CompareOptions, Comparison, FailedMeasurement } from "./compareEstimators.ts";
export type { EstimatorMeasurement } from "./measureEstimator.ts";
export { isDeterministic, referenceGradient } from "./referenceGradient.ts";
export type { ReferenceGradient, ReferenceMethod, ReferenceOptions } from "./referenceGradient.ts";
export { trajectoryGradients } from "./trajectoryGradients.ts";
export type { TrajectoryOptions, TrajectorySample } from "./trajectoryGradients.ts";
export { lyapunov } from "./lyapunov.ts";
export type { LyapunovOptions, LyapunovResult } from "./lyapunov.ts";
