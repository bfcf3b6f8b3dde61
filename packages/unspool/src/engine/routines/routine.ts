/**
 * What a routine is: a computation on whole vectors or matrices whose control flow depends on the data (sorting,
 * factorizations, scatters, Fourier transforms). jax-js has them as primitives beside its elementwise ones; here each
 * becomes one scalar WebAssembly function that works on one item of a batch in one lane, so that a caller loops over
 * lanes and batches. Results are those of jax-js 0.1.25 bit for bit, because floats are computed in f64 and rounded to
 * their dtype where they are stored, as there; except for Fourier transforms, whose roots of unity are more exact here.
 *
 * How to call one, for an equation of a jaxpr:
 *
 *     const routine = routines[equation.primitive];
 *     const item = splitBatch(routine, inputShapes, outputShapes, params);
 *     const shape = { dtype, ...item, inputStrides, outputStrides }; // bytes: lanes * element size
 *     const fn = routine.emit(module, shape, params); // once for each shape, params
 *     const scratch = allocate(routine.scratchBytes(shape, params), 16);
 *     const table = place(routine.table?.(shape, params), 16);
 *     // in the body of the caller, for each lane and each index `b` of `item.count`:
 *     //   for each input i: pointer + b * elements(item.inputs[i]) * inputStrides[i] + lane * element size
 *     //   the same for each output; then `scratch`, and `table` if the routine has one
 *     f.call(fn);
 *
 * An operand that lanes share has its element size as stride, and no lane offset. Scratch may be shared by calls that
 * follow one another. Integer operands beside floats (indices of `scatter`, pivots, permutations) have 4 bytes.
 */
import { ShapeError } from "../../errors.ts";
import type { FunctionBuilder, Local, ModuleBuilder, ValueType } from "../wasm/index.ts";
import type { View } from "./scalar.ts";

export type RoutineDtype = "float32" | "float64" | "int32" | "uint32" | "bool";

export type RoutineName =
  "sort" | "argsort" | "triangular_solve" | "cholesky" | "lu" | "jacobi_eigh" | "fft" | "scatter";

export type Shape = readonly number[];

/** One item of one lane: element k in row-major order of an array is at `pointer + k * stride`. */
export interface RoutineShape {
  /** Of the first input, and of all that is not an index. `bool` is an i32 that is 0 or 1. */
  dtype: RoutineDtype;
  /** Shapes without batch axes. */
  inputs: readonly Shape[];
  outputs: readonly Shape[];
  /** Bytes from one element to the next, for each array. */
  inputStrides: readonly number[];
  outputStrides: readonly number[];
}

export type RoutineParams = Readonly<Record<string, unknown>>;

export interface Routine {
  readonly name: RoutineName;
  /** How many last axes of each input and output belong to one item; those before are batch axes. */
  coreRanks(inputs: readonly Shape[], params: RoutineParams): { inputs: number[]; outputs: number[] };
  /** Scratch memory of one call: bytes, a multiple of 16. It needs no initial content, and is aligned to 16. */
  scratchBytes(shape: RoutineShape, params: RoutineParams): number;
  /** Constants that the caller places in memory, aligned to 16; their address is the last argument of the function. */
  table?(shape: RoutineShape, params: RoutineParams): Float64Array<ArrayBuffer>;
  /**
   * Adds the function to `module`: parameters are pointers to inputs, outputs, scratch and (if there is one) table, all
   * i32. Inputs are only read; outputs overlap with nothing and need no initial content.
   */
  emit(module: ModuleBuilder, shape: RoutineShape, params: RoutineParams): FunctionBuilder;
}

/** Shapes of one item, and how many there are in the batch. */
export interface ItemShapes {
  count: number;
  inputs: Shape[];
  outputs: Shape[];
}

/** Cuts the batch axes off the shapes of an equation. All arrays have the same ones. */
export function splitBatch(
  routine: Routine,
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  params: RoutineParams,
): ItemShapes {
  const ranks = routine.coreRanks(inputs, params);
  const core = (shapes: readonly Shape[], ranksOf: number[]) =>
    shapes.map((shape, i) => shape.slice(shape.length - ranksOf[i]!));
  const batch = inputs[0]!.slice(0, inputs[0]!.length - ranks.inputs[0]!);
  return {
    count: elements(batch),
    inputs: core(inputs, ranks.inputs),
    outputs: core(outputs, ranks.outputs),
  };
}

/** Elements of an array. */
export function elements(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function elementBytes(dtype: RoutineDtype): 4 | 8 {
  return dtype === "float64" ? 8 : 4;
}

/** A function with the parameters of a routine, and its arrays as views. */
export interface RoutineFunction {
  f: FunctionBuilder;
  inputs: View[];
  outputs: View[];
  scratch: Local;
  table: Local;
}

export function declare(module: ModuleBuilder, routine: Routine, shape: RoutineShape): RoutineFunction {
  const arrays = shape.inputs.length + shape.outputs.length;
  const pointers = arrays + (routine.table === undefined ? 1 : 2);
  const f = module.function(routine.name, Array<ValueType>(pointers).fill("i32"));
  const view = (pointer: Local, of: Shape, stride: number): View => ({
    pointer,
    stride,
    columns: of.at(-1) ?? 1,
    dtype: shape.dtype,
  });
  return {
    f,
    inputs: shape.inputs.map((of, i) => view(i, of, shape.inputStrides[i]!)),
    outputs: shape.outputs.map((of, i) => view(shape.inputs.length + i, of, shape.outputStrides[i]!)),
    scratch: arrays,
    table: arrays + 1,
  };
}

/** Throws unless the numbers are floats. */
export function requireFloat(routine: Routine, { dtype }: RoutineShape): void {
  if (dtype === "float32" || dtype === "float64") return;
  throw new ShapeError(routine.name, `needs float32 or float64, got ${dtype}. Convert it with astype.`, {
    dtype,
  });
}
