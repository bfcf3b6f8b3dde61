/** WebAssembly modules, written by hand. */
export { FunctionBuilder } from "./functionBuilder.ts";
export type { Callable, Local, Signature, ValueType } from "./functionBuilder.ts";
export { ModuleBuilder } from "./moduleBuilder.ts";
export type { MemoryLimits } from "./moduleBuilder.ts";
