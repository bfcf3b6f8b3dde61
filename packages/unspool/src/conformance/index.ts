/** Conformance suites: the properties of estimators, optimizers, methods and stores as checks for any test runner. */
export { ConformanceError } from "./check.ts";
export type { ConformanceCheck, Declared } from "./check.ts";
export {
  analyticVariance,
  linearDerivatives,
  noiseReuseVariance,
  persistentVariance,
  truncated,
  truncatedVariance,
  unbiased,
} from "./derivatives.ts";
export type { LinearOracle, Objective, WindowDerivatives } from "./derivatives.ts";
export { estimatorConformance } from "./estimatorConformance.ts";
export type { EstimatorRequest, EstimatorSubject } from "./estimatorSubject.ts";
export { methodConformance } from "./methodConformance.ts";
export type { MethodSubject } from "./methodConformance.ts";
export { objectiveConformance } from "./objectiveConformance.ts";
export type { ObjectiveOptimizerSubject } from "./objectiveSubject.ts";
export { runStoreConformance } from "./runStoreConformance.ts";
export type { AsyncConformanceCheck, RunStoreSubject, StorePlace, WriteFate } from "./runStoreSubject.ts";
export { registeredEstimator, registeredObjectiveOptimizer, registeredOptimizer } from "./registered.ts";
export { optimizerConformance } from "./optimizerConformance.ts";
export type { OptimizerSubject } from "./optimizerSubject.ts";
