/**
 * What the tests of this room share: a routine run on one lane of a memory of which nothing but the outputs of that lane
 * and the scratch may change, and the routine that jax-js puts into the program of a function.
 */
import type { Jaxpr } from "@jax-js/jax";
import { expect } from "vitest";
import { type DType, type Tensor, makeJaxpr, np } from "../../array/index.ts";
import { ModuleBuilder } from "../wasm/index.ts";
import { type RoutineDtype, type RoutineName, type RoutineParams, routines, splitBatch } from "./index.ts";
import { elementBytes, elements } from "./routine.ts";

export interface Output {
  shape: readonly number[];
  dtype: RoutineDtype;
}

type Elements = Float32Array | Float64Array | Int32Array | Uint32Array;

export const floatTypes = ["float32", "float64"] as const;

/** Runs a routine for one of `lanes`; returns what is in its outputs. */
export function runRoutine(
  name: RoutineName,
  inputs: readonly Tensor[],
  outputs: readonly Output[],
  params: RoutineParams = {},
  lanes = 4,
): number[][] {
  const routine = routines[name];
  const dtypes = [...inputs, ...outputs].map((one) => one.dtype as RoutineDtype);
  const sizes = dtypes.map(elementBytes);
  const { count, ...cores } = splitBatch(
    routine,
    inputs.map((one) => one.shape),
    outputs.map((one) => one.shape),
    params,
  );
  const strides = sizes.map((size) => size * lanes);
  const shape = {
    ...cores,
    dtype: dtypes[0]!,
    inputStrides: strides.slice(0, inputs.length),
    outputStrides: strides.slice(inputs.length),
  };
  const module = new ModuleBuilder();
  const routineFunction = routine.emit(module, shape, params);
  module.export("run", routineFunction);

  let end = 64;
  const allocate = (bytes: number) => {
    const start = end;
    end = Math.ceil((end + bytes) / 16) * 16 + 16;
    return start;
  };
  const lane = lanes - 1;
  const arrays = [...inputs, ...outputs].map(({ shape: of }, i) => ({
    start: allocate(elements(of) * strides[i]!) + lane * sizes[i]!,
    step: strides[i]!,
    size: sizes[i]!,
    count: elements(of),
    core: elements([...cores.inputs, ...cores.outputs][i]!),
  }));
  const scratchBytes = routine.scratchBytes(shape, params);
  expect(scratchBytes % 16).toBe(0);
  const scratch = allocate(scratchBytes);
  const constants = routine.table?.(shape, params);
  const table = allocate(constants?.byteLength ?? 0);

  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536), maximum: 65536 });
  const bytes = new Uint8Array(memory.buffer).fill(0xa5);
  if (constants !== undefined) new Float64Array(memory.buffer, table, constants.length).set(constants);
  inputs.forEach((one, i) => {
    const { start, step } = arrays[i]!;
    const data = one.data as unknown as Elements;
    const whole = viewOf(dtypes[i]!, memory.buffer);
    data.forEach((value, k) => (whole[(start + k * step) / sizes[i]!] = value));
  });
  const before = bytes.slice();
  const compiled = new WebAssembly.Module(module.encode());
  const { run } = new WebAssembly.Instance(compiled, { env: { memory } }).exports as {
    run: (...pointers: number[]) => void;
  };
  for (let b = 0; b < count; b++) {
    const pointers = arrays.map(({ start, step, core }) => start + b * core * step);
    run(...pointers, scratch, ...(constants === undefined ? [] : [table]));
  }

  const results = outputs.map((_, i) => {
    const { start, step, size, count: length } = arrays[inputs.length + i]!;
    const whole = viewOf(dtypes[inputs.length + i]!, memory.buffer);
    const result = Array.from({ length }, (_unused, k) => whole[(start + k * step) / size]!);
    for (let k = 0; k < length; k++) bytes.fill(0xa5, start + k * step, start + k * step + size);
    return result;
  });
  bytes.fill(0xa5, scratch, scratch + scratchBytes);
  expect(Buffer.compare(bytes, before), "memory beside the outputs").toBe(0);
  return results;
}

function viewOf(dtype: RoutineDtype, buffer: ArrayBuffer): Elements {
  if (dtype === "float32") return new Float32Array(buffer);
  if (dtype === "float64") return new Float64Array(buffer);
  return dtype === "uint32" ? new Uint32Array(buffer) : new Int32Array(buffer);
}

/** Parameters of the one routine in the program of `fn`, with the shapes and dtypes of its results. */
export function tracedRoutine(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): { name: RoutineName; params: RoutineParams; outputs: Output[] } {
  const { jaxpr } = makeJaxpr(fn, args);
  const found = equationsOf(jaxpr.jaxpr).filter(({ primitive }) => primitive in routines);
  expect(found.length, "routines in the program").toBe(1);
  const { primitive, params, outBinders } = found[0]!;
  const outputs = outBinders.map(({ aval }) => ({
    shape: [...aval.shape],
    dtype: aval.dtype as unknown as RoutineDtype,
  }));
  const name = primitive as unknown as RoutineName;
  jaxpr.dispose();
  return { name, params: structuredClone(params) as RoutineParams, outputs };
}

function equationsOf(jaxpr: Jaxpr): Jaxpr["eqns"] {
  return jaxpr.eqns.flatMap((equation) => {
    const inner = (equation.params as { jaxpr?: Jaxpr }).jaxpr;
    return inner === undefined ? [equation] : equationsOf(inner);
  });
}

/** Numbers in (-1, 1) that look random: fractional parts of the sine of a large angle. */
export function scattered(shape: readonly number[], dtype: DType, seed = 1): Tensor {
  const numbers = Array.from({ length: elements(shape) }, (_, i) => {
    const large = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (large - Math.floor(large)) - 1;
  });
  return np.array(numbers, { dtype }).reshape([...shape]);
}
