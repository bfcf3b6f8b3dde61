/**
 * Elementwise operations said more simply: constants folded, sums of a negative made differences, products with a
 * reciprocal made quotients; and what depends on one broadcast operand is computed before the broadcast.
 */
import type { DType } from "../../array/index.ts";
import type { GraphBuilder } from "./builder.ts";
import { foldScalars } from "./fold.ts";
import { type Node, type Op, type Params, numberOf } from "./node.ts";

const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** An elementwise node to be. */
interface Operation {
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly params: Params;
}

/** The same elements as a node that there is; null if it stays as it is; undefined if the rule says nothing about it. */
type Simpler = Node | null | undefined;

/** What rules need to know of an operation. */
class Operands {
  readonly graph: GraphBuilder;
  readonly operation: Operation;
  /** The numbers that operands equal. */
  readonly numbers: readonly (Node | undefined)[];

  constructor(graph: GraphBuilder, operation: Operation) {
    this.graph = graph;
    this.operation = operation;
    this.numbers = operation.inputs.map(numberOf);
  }

  is(i: number, value: number): boolean {
    const number = this.numbers[i];
    return number !== undefined && Object.is(number.params.value, value);
  }

  /** `node`, if it has the shape and dtype of the result. */
  whole(node: Node): Node | null {
    const { shape, dtype } = this.operation;
    return String(node.shape) === String(shape) && node.dtype === dtype ? node : null;
  }

  instead(op: Op, ...inputs: Node[]): Node {
    const { shape, dtype } = this.operation;
    return this.graph.elementwise(op, inputs, dtype, {}, shape);
  }
}

const rules: Partial<Record<Op, (operands: Operands, inputs: readonly [Node, Node, Node]) => Simpler>> = {
  mul(of, [a, b]) {
    const { dtype } = of.operation;
    if (of.is(0, 1)) return of.whole(b);
    if (of.is(1, 1)) return of.whole(a);
    if (dtype !== "bool" && of.is(1, -1)) return of.instead("neg", a);
    if (dtype !== "bool" && of.is(0, -1)) return of.instead("neg", b);
    if (isFloat(dtype) && b.op === "reciprocal") return of.instead("div", a, b.inputs[0]!);
    if (isFloat(dtype) && a.op === "reciprocal") return of.instead("div", b, a.inputs[0]!);
    return undefined;
  },
  add(of, [a, b]) {
    const { dtype } = of.operation;
    if (of.is(0, 0) || (isFloat(dtype) && of.is(0, -0))) return of.whole(b);
    if (of.is(1, 0) || (isFloat(dtype) && of.is(1, -0))) return of.whole(a);
    if (b.op === "neg") return of.instead("sub", a, b.inputs[0]!);
    if (a.op === "neg") return of.instead("sub", b, a.inputs[0]!);
    return undefined;
  },
  sub: (of, [a]) => (of.is(1, 0) ? of.whole(a) : undefined),
  neg: (of, [a]) => (a.op === "neg" ? of.whole(a.inputs[0]!) : undefined),
  cast(of, [a]) {
    const { dtype } = of.operation;
    if (a.dtype === dtype) return of.whole(a);
    if (a.op !== "constant" || !isFloat(a.dtype) || !isFloat(dtype)) return undefined;
    const data = (dtype === "float64" ? Float64Array : Float32Array).from(a.params.data!);
    return of.graph.constant(data, a.shape, dtype);
  },
  where(of, [, b, c]) {
    const [condition] = of.numbers;
    if (condition !== undefined) return of.whole(condition.params.value === 0 ? c : b);
    return b === c ? of.whole(b) : undefined;
  },
};

/** A node with the elements of an operation's result; undefined if it has to be made. */
export function simplify(graph: GraphBuilder, operation: Operation): Node | undefined {
  const { op, inputs, shape, dtype } = operation;
  const operands = new Operands(graph, operation);
  const { numbers } = operands;
  if (numbers.every((one) => one !== undefined)) {
    const value = foldScalars(op, numbers, dtype);
    if (value !== undefined) return graph.broadcastTo(graph.literal(value, dtype), shape);
  }
  const simpler = rules[op]?.(operands, inputs as readonly [Node, Node, Node]);
  return simpler === undefined ? beforeBroadcast(operands) : (simpler ?? undefined);
}

/** What depends on one broadcast operand and numbers only is computed before the broadcast. */
function beforeBroadcast({ graph, operation, numbers }: Operands): Node | undefined {
  const { op, inputs, shape, dtype, params } = operation;
  const others = inputs.filter((_, i) => numbers[i] === undefined);
  const [first] = others;
  if (first?.op !== "broadcast") return undefined;
  const { axes } = first.params;
  const inner = first.inputs[0]!.shape;
  const isAlike = (one: Node): boolean =>
    one.op === "broadcast" &&
    String(one.params.axes) === String(axes) &&
    String(one.inputs[0]!.shape) === String(inner) &&
    String(one.shape) === String(shape);
  if (!others.every(isAlike)) return undefined;
  const small = inputs.map((one, i) => numbers[i] ?? one.inputs[0]!);
  return graph.broadcast(graph.elementwise(op, small, dtype, params, inner), shape, axes!);
}
