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
