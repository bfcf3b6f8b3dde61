/** Elementwise operations on numbers known when compiling. Only those whose result every machine agrees on. */
import type { DType } from "../../array/index.ts";
import type { Node, Op } from "./node.ts";

type Fold = (a: number, b: number, c: number) => number;

const floats: Partial<Record<Op, Fold>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  reciprocal: (a) => 1 / a,
  min: Math.min,
  max: Math.max,
  sqrt: Math.sqrt,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  copy: (a) => a,
};

const integers: Partial<Record<Op, Fold>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => Math.imul(a, b),
  neg: (a) => -a,
  min: Math.min,
  max: Math.max,
  copy: (a) => a,
};

const comparisons: Partial<Record<Op, Fold>> = {
  less: (a, b) => Number(a < b),
  less_equal: (a, b) => Number(a <= b),
  equal: (a, b) => Number(a === b),
  not_equal: (a, b) => Number(a !== b),
};

/** The value of `op` on literals, or undefined where it is better left to the machine. */
export function foldScalars(op: Op, operands: readonly Node[], dtype: DType): number | undefined {
  const values = operands.map((one) => one.params.value!) as [number, number, number];
  if (op === "where") return values[0] === 0 ? values[2] : values[1];
  if (op === "cast") return foldCast(values[0], operands[0]!.dtype, dtype);
  const compare = comparisons[op];
  if (compare !== undefined) return compare(...values);
  const table = dtype === "float32" || dtype === "float64" ? floats : dtype === "bool" ? {} : integers;
  const fold = (table as Partial<Record<Op, Fold>>)[op];
  return fold?.(...values);
}

function foldCast(value: number, from: DType, to: DType): number | undefined {
  if (to === "bool") return Number(value !== 0);
  if (to === "float32" || to === "float64") return value;
  if (from !== "float32" && from !== "float64") return value;
  // Saturating, as the machine converts; NaN becomes 0.
  const [least, most] = to === "int32" ? [-0x80000000, 0x7fffffff] : [0, 0xffffffff];
  return Number.isNaN(value) ? 0 : Math.min(most, Math.max(least, Math.trunc(value)));
}
