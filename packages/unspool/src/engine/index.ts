/** The engine: traced loops as WebAssembly programs. */
export { EngineError } from "./engineError.ts";
export { compileFunction } from "./compileFunction.ts";
export type { FunctionOptions } from "./compileFunction.ts";
export { compiledPrimitives } from "./graph/fromJaxpr.ts";
export { hardwareThreads, hasRelaxedSimd, hasSharedMemory } from "./host.ts";
export { engineStatistics } from "./moduleCache.ts";
export { createPool, sharedPool } from "./threads/index.ts";
export type { Pool } from "./threads/index.ts";
export { compileUnitProgram } from "./unitProgram.ts";
export type { UnitFunctions, UnitProgram, UnitProgramOptions } from "./unitProgram.ts";
export { UnitRunner } from "./unitRunner.ts";
export type { UnitResult } from "./unitRunner.ts";
