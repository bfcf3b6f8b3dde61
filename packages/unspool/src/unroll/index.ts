/** Inner problems, and the machines that step them through time. */
export { isThenable } from "./requireSynchronous.ts";
export {
  advance,
  defineProblem,
  emptyState,
  eraseProblem,
  finalLossOf,
  initialState,
  requireFinalLoss,
  requireProblem,
} from "./problem.ts";
export { changingState } from "./constantState.ts";
export { requireHorizon } from "./horizon.ts";
export type { ErasedProblem, Problem, ProblemOptions, StepContext, StepResult } from "./problem.ts";
export { typedExecutor } from "./executor.ts";
export type { TileRange } from "../engine/index.ts";
export type { CheckpointPolicy, Executor, TiledWindows, UntypedExecutor } from "./executor.ts";
export type {
  CheckpointAction,
  ForwardProgram,
  ForwardResult,
  Member,
  OuterProgram,
  OuterResult,
  ReverseProgram,
  ReverseResult,
  UnitChange,
} from "../program/index.ts";
export { checkpointPlan } from "./checkpoints.ts";
export { splitFloats } from "./floats.ts";
export type { SplitTree } from "./floats.ts";
export { compiledExecutor } from "./compiledExecutor.ts";
export type { CompiledExecutorOptions } from "./compiledExecutor.ts";
export { compiled } from "./compiled.ts";
export {
  configureExecutor,
  defaultExecutor,
  executorFor,
  executorRecord,
  executorThreads,
  freshExecutor,
} from "./defaultExecutor.ts";
export type { EngineName, ExecutorSettings } from "./defaultExecutor.ts";
export { hostExecutor } from "./hostExecutor.ts";
export { defineSimulator } from "./simulator.ts";
export type { SimulatorContext, SimulatorOptions } from "./simulator.ts";
export { referenceExecutor } from "./referenceExecutor.ts";
export {
  endsTrajectory,
  firstClocks,
  sameClocks,
  settle,
  settleChange,
  tick,
  windowPlan,
} from "./windows.ts";
export type { Clock, ResetPolicy, TrajectoryLengths, WindowOptions, WindowPlan } from "./windows.ts";
export { unroll } from "./unroll.ts";
export type { Unrolled, UnrollOptions } from "./unroll.ts";
