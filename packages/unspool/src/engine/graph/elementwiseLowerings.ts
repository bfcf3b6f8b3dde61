/** Elementwise primitives as nodes: operands get the result's dtype and shape, numbers stay scalars. */
import type { DType, TracedEquation } from "../../array/index.ts";
import { UnspoolError } from "../../errors.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Node, Op } from "./node.ts";

/** Makes the nodes of an equation's results. */
export type Lower = (graph: GraphBuilder, inputs: Node[], equation: TracedEquation) => Node | Node[];

/** A node as one of the dtype. */
export const inDtype = (graph: GraphBuilder, node: Node, dtype: DType): Node =>
  node.dtype === dtype ? node : graph.elementwise("cast", [node], dtype);

/** Operands of the common dtype, broadcast to the common shape; numbers stay scalars. */
export function spread(
  graph: GraphBuilder,
  inputs: readonly Node[],
  shape: readonly number[],
  dtype: DType,
): Node[] {
  return inputs.map((one) => graph.broadcastTo(inDtype(graph, one, dtype), shape));
}

export function elementwise(op: Op): Lower {
  return (graph, inputs, { outputs: [out] }) =>
    graph.elementwise(op, spread(graph, inputs, out!.shape, out!.dtype), out!.dtype, {}, out!.shape);
}

export function unary(op: Op): Lower {
  return (graph, [x], { outputs: [out] }) => graph.elementwise(op, [x!], out!.dtype, {}, out!.shape);
}

/** A function of floats. Whole numbers were cast when it was recorded; their bits would be read as floats here. */
export function ofFloats(op: Op): Lower {
  return (graph, inputs, equation) => {
    const { dtype } = inputs[0]!;
    if (isFloat(dtype)) return unary(op)(graph, inputs, equation);
    throw new UnspoolError("INTERNAL", `internal: ${op} has no kernel for ${dtype}; please report this.`, {
      op,
      dtype,
    });
  };
}

const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

const rank = (dtype: DType): number => ["bool", "uint32", "int32", "float32", "float64"].indexOf(dtype);

export const compare: Lower = (graph, [a, b], { params, outputs: [out] }) => {
  const dtype = rank(a!.dtype) > rank(b!.dtype) ? a!.dtype : b!.dtype;
  const op = params["op"] as "less" | "less_equal" | "equal" | "not_equal";
  return graph.elementwise(op, spread(graph, [a!, b!], out!.shape, dtype), "bool", {}, out!.shape);
};

export const where: Lower = (graph, [condition, a, b], { outputs: [out] }) => {
  const [c] = spread(graph, [condition!], out!.shape, "bool");
  return graph.elementwise(
    "where",
    [c!, ...spread(graph, [a!, b!], out!.shape, out!.dtype)],
    out!.dtype,
    {},
    out!.shape,
  );
};

export const randomBits: Lower = (graph, [k0, k1], { params, outputs: [out] }) => {
  const shape = out!.shape;
  const added = shape.map((_, i) => i).slice(k0!.shape.length);
  const counters = graph.iota(shape.slice(k0!.shape.length));
  const counter = graph.broadcast(counters, shape, shape.map((_, i) => i).slice(0, k0!.shape.length));
  const keys = [k0!, k1!].map((key) => graph.broadcast(key, shape, added));
  return graph.elementwise(
    "random_bits",
    [...keys, counter],
    "uint32",
    { mode: params["mode"] as "xor" | 0 | 1 },
    shape,
  );
};

const bits: Record<string, Op> = { and: "and", or: "or", xor: "xor", shl: "shl", shr: "shr" };

/** The operation on bits that an equation names. */
export const bitwise: Lower = (graph, inputs, equation) =>
  elementwise(bits[equation.params["op"] as string]!)(graph, inputs, equation);
