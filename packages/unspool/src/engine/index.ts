/** The engine: traced loops as WebAssembly programs. */
export { EngineError } from "./engineError.ts";
export { compileFunction } from "./compileFunction.ts";
export type { FunctionOptions } from "./compileFunction.ts";
export { explainProgram, measureProgram } from "./explain/index.ts";
export type {
  KernelExplanation,
  LevelName,
  MemoryPart,
  ProgramExplanation,
  ProgramMeasurement,
  SectionExplanation,
  SectionOccasion,
  TimedProgram,
  Work,
} from "./explain/index.ts";
export { compiledPrimitives, primitiveKinds } from "./graph/primitives.ts";
export type { PrimitiveKind } from "./graph/primitives.ts";
export { hardwareThreads, hasRelaxedSimd, hasSharedMemory } from "./host.ts";
export { engineStatistics } from "./moduleCache.ts";
export { mathErrorBounds } from "./math/index.ts";
export type { MathErrorBound } from "./math/index.ts";
export { compileReverseProgram } from "./reverseProgram.ts";
export type { CompiledReverseProgram } from "./reverseProgram.ts";
export type { ReverseArguments } from "./reverseTraces.ts";
export { ReverseRunner } from "./reverseRunner.ts";
export { peakMeter } from "./peak.ts";
export type { Peak, PeakOptions } from "./peak.ts";
export { createPool, sharedPool } from "./threads/index.ts";
export type { Pool } from "./threads/index.ts";
export type { TileRange } from "./tileMemory.ts";
export { TileRunner } from "./tileRunner.ts";
export { compileUnitProgram } from "./unitProgram.ts";
export type { UnitProgram, UnitProgramOptions } from "./unitProgram.ts";
export type { OuterSource } from "./unitTraces.ts";
export { UnitRunner } from "./unitRunner.ts";
