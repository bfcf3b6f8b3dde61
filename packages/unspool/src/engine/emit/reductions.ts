/** The instructions of reductions, and what they start from. */
import type { DType } from "../../array/index.ts";
import type { Reduction } from "../graph/node.ts";
import { lanePrefix } from "./vectors.ts";

const reductions: Record<Reduction, { float: string; signed: string; unsigned: string; bool: string }> = {
  Add: { float: "add", signed: "add", unsigned: "add", bool: "v128.or" },
  Mul: { float: "mul", signed: "mul", unsigned: "mul", bool: "v128.and" },
  Min: { float: "min", signed: "min_s", unsigned: "min_u", bool: "v128.and" },
  Max: { float: "max", signed: "max_s", unsigned: "max_u", bool: "v128.or" },
};

/** The instruction that combines two vectors of a reduction. */
export function reductionInstruction(reduction: Reduction, dtype: DType): string {
  const names = reductions[reduction];
  if (dtype === "bool") return names.bool;
  const name = dtype === "int32" ? names.signed : dtype === "uint32" ? names.unsigned : names.float;
  return `${lanePrefix(dtype)}.${name}`;
}

/** The number that a reduction starts from. */
export function reductionStart(reduction: Reduction, dtype: DType): number {
  if (reduction === "Add") return 0;
  if (reduction === "Mul") return 1;
  if (dtype === "bool") return reduction === "Min" ? 1 : 0;
  if (dtype === "int32") return reduction === "Min" ? 0x7fffffff : -0x80000000;
  if (dtype === "uint32") return reduction === "Min" ? 0xffffffff : 0;
  return reduction === "Min" ? Infinity : -Infinity;
}
