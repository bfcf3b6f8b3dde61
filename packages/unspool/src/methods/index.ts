/** The outer step: methods, which the training loop runs. */
export type { Method, MethodStep, MethodSteps, MethodWindows, Recipe, StepMetrics } from "./method.ts";
export { loggedThetaSize, reservedMetrics } from "./method.ts";
export type { Json } from "../json.ts";
export { descent } from "./descent.ts";
export type { AnyEstimator, DescentState } from "./descent.ts";
export { askTell } from "./askTell.ts";
export type { AskTellOptions, AskTellState } from "./askTell.ts";
export { searchMethod } from "./searchMethod.ts";
export type { SearchedOptions } from "./searchMethod.ts";
export { objectiveDescent } from "./objectiveDescent.ts";
export type { ObjectiveDescentOptions } from "./objectiveDescent.ts";
export { parallelDescent } from "./parallelDescent.ts";
export type { ParallelDescentOptions } from "./parallelDescent.ts";
export { requireFiniteLoss, requireFiniteMetrics, requireFiniteValues } from "./finiteValues.ts";
export { programFingerprint } from "./programFingerprint.ts";
export type { ProgramFingerprint } from "./programFingerprint.ts";
export { shapes } from "./shapes.ts";
/** @internal */
export { requireWholeState } from "./wholeState.ts";
