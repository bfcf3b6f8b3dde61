/** Kernels are functions of four pointers, and of the first row where they compute a strip. */
import type { Strips } from "../graph/strips.ts";
import type { FunctionBuilder, ModuleBuilder } from "../wasm/index.ts";
import { pointers } from "./location.ts";

export function kernelFunction(module: ModuleBuilder, name: string, isStrip = false): FunctionBuilder {
  const params = pointers.map(() => "i32" as const);
  return module.function(name, isStrip ? [...params, "i32"] : params);
}

/** The parameter that holds the first row of a strip. */
export const rowParameter: number = pointers.length;

/** A kernel of all rows, from kernels of strips. */
export function stripLoop(
  module: ModuleBuilder,
  name: string,
  { length, rows }: Strips,
  kernels: readonly FunctionBuilder[],
): FunctionBuilder {
  const f = kernelFunction(module, name);
  const row = f.local("i32");
  return f.forLoop(row, 0, length, rows, () => {
    for (const kernel of kernels) f.get(0, 1, 2, 3, row).call(kernel);
  });
}
