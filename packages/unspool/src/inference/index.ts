/** State-space models, particle filters and smoothers, online variational filtering, flows and annealed importance sampling. */
export { defineStateSpaceModel } from "./stateSpace/defineStateSpaceModel.ts";
export { observationLogProb, requireObservations } from "./stateSpace/observations.ts";
export type { Observations } from "./stateSpace/observations.ts";
export { simulate } from "./stateSpace/simulate.ts";
export type { SimulatedTrajectory } from "./stateSpace/simulate.ts";
export type { StateSpaceModel } from "./stateSpace/stateSpaceModel.ts";
