/** Kernels are functions of four pointers. */
import type { FunctionBuilder, ModuleBuilder } from "../wasm/index.ts";
import { pointers } from "./location.ts";

export function kernelFunction(module: ModuleBuilder, name: string): FunctionBuilder {
  return module.function(
    name,
    pointers.map(() => "i32" as const),
  );
}
