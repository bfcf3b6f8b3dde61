/** What one case of the fuzzer is: inputs, a small graph of named functions over them, and what is done with it. */
import type { DType } from "./library.ts";

/** Elements as numbers; float32 ones are exact in float64. */
export interface Input {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An operand: an input, the result of an earlier node, or a plain number. */
export type Ref = { readonly input: number } | { readonly node: number } | { readonly number: number };

export type Options = Readonly<Record<string, unknown>>;

export interface GraphNode {
  /** Name of a row of the table of functions. */
  readonly name: string;
  readonly operands: readonly Ref[];
  readonly options: Options;
  /** The dtype that the rules of promotion give; undefined if they say nothing (`docs/numerics.md`) or refuse it. */
  readonly dtype: DType | undefined;
}

export const transforms = [
  "value",
  "vmap",
  "grad",
  "jvp",
  "vmapGrad",
  "gradVmap",
  "jvpGrad",
  "vmapVmap",
] as const;
export type Transform = (typeof transforms)[number];

export const ways = ["eager", "compiled", "step", "scan"] as const;
export type Way = (typeof ways)[number];

export interface Case {
  readonly seed: number;
  readonly index: number;
  readonly inputs: readonly Input[];
  readonly nodes: readonly GraphNode[];
  readonly transform: Transform;
  /** Which inputs have one more axis in front, under `vmap`. */
  readonly isMapped: readonly boolean[];
  /** How many there are along it. */
  readonly copies: number;
  readonly ways: readonly Way[];
  /** NumPy may have no value: then an error with a type is wanted. */
  readonly isInvalid: boolean;
  /** The rules of promotion refuse it, with an error that has a type. */
  readonly isRefused: boolean;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export const isFloat = (dtype: DType | undefined): boolean => dtype === "float32" || dtype === "float64";

/** Numbers as base64 of little-endian float64: JSON has no NaN. */
export const encode = (data: readonly number[]): string =>
  Buffer.from(Float64Array.from(data).buffer).toString("base64");

export function decode(text: string): Float64Array {
  const bytes = Buffer.from(text, "base64");
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
