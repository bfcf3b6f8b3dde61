/**
 * The graph that the compiler works on: values in single assignment, each made once (nodes are hash-consed), with the
 * shape that ONE unit sees.
 *
 * A node's level says for whom it differs: 0, the same for all units; 1, one value per unit; 2, one value per member
 * of a unit (the two particles of an antithetic pair).
 */
import type { DType, TensorData } from "../../array/index.ts";
import type { Loop } from "./loop.ts";

export type Level = 0 | 1 | 2;

/** Elementwise: operands are broadcast to the node's shape. */
export type ElementwiseOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "neg"
  | "reciprocal"
  | "min"
  | "max"
  | "idiv"
  | "mod"
  | "less"
  | "less_equal"
  | "equal"
  | "not_equal"
  | "where"
  | "cast"
  | "bitcast"
  | "copy"
  | "floor"
  | "ceil"
  | "sqrt"
  | "abs"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr"
  | "bit_count"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "tanh"
  | "sigmoid"
  | "tanh_slope"
  | "sigmoid_slope"
  | "erf"
  | "erfc"
  | "random_bits"
  | "box_muller"
  | "gather";

/** The same elements seen under another index. */
export type ViewOp = "transpose" | "broadcast" | "reshape" | "flip" | "shrink" | "window";

/** Sources: slots of the program, data known when compiling, one number, the row-major index of an element. */
export type SourceOp = "input" | "constant" | "literal" | "iota";

/** Everything else has a kernel of its own. */
export type KernelOp = "reduce" | "dot" | "concatenate" | "routine" | "scan" | "output";

export type Op = ElementwiseOp | ViewOp | SourceOp | KernelOp;

export interface Params {
  /** literal: its value. */
  value?: number;
  /** input: number of the slot. */
  slot?: number;
  /** input of level 1 that reads one member of a slot of level 2. */
  member?: number;
  /** constant: the elements. */
  data?: TensorData;
  /** transpose: axis i of the result is axis perm[i] of the operand. */
  perm?: readonly number[];
  /** broadcast: axes of the result that the operand lacks. reduce, flip, gather: axes. concatenate: one axis. */
  axes?: readonly number[];
  /** shrink: start and end per axis. */
  pairs?: readonly (readonly [number, number])[];
  /** window: element strides of the operand per axis of the result. */
  strides?: readonly number[];
  /** reduce */
  reduction?: Reduction;
  /** random_bits: both words combined, or one of them. */
  mode?: "xor" | 0 | 1;
  /** gather: where the axes of the indices start in the result. */
  outDim?: number;
  /** scan */
  loop?: Loop;
  /** routine: its name and its own params. output: which result of a routine or scan. */
  routine?: string;
  detail?: Record<string, unknown>;
  result?: number;
}

export type Reduction = "Add" | "Mul" | "Min" | "Max";

export interface Node {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly level: Level;
  readonly params: Params;
}

const views: ReadonlySet<Op> = new Set<Op>(["transpose", "broadcast", "reshape", "flip", "shrink", "window"]);
const sources: ReadonlySet<Op> = new Set<Op>(["input", "constant", "literal", "iota"]);
const kernels: ReadonlySet<Op> = new Set<Op>(["reduce", "dot", "concatenate", "routine", "scan", "output"]);

export const isView = (node: Node): boolean => views.has(node.op);
export const isSource = (node: Node): boolean => sources.has(node.op);
export const isElementwise = (node: Node): boolean =>
  !views.has(node.op) && !sources.has(node.op) && !kernels.has(node.op);

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array.from(shape, () => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** The literal that all elements of `node` equal, if that is known. */
export function numberOf(node: Node): Node | undefined {
  if (node.op === "literal") return node;
  if (node.op === "broadcast" && node.inputs[0]!.op === "literal") return node.inputs[0];
  return undefined;
}

/** The nodes that `outputs` need, operands first. */
export function reachable(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const input of node.inputs) visit(input);
    order.push(node);
  };
  for (const output of outputs) visit(output);
  return order;
}
