/** Primitives as nodes that sum, select or need memory: products, reductions, parts, gathers and routines. */
import { contract } from "./convolution.ts";
import type { GraphBuilder } from "./builder.ts";
import { type Lower, spread } from "./elementwiseLowerings.ts";
import { type Node, type Reduction, isView } from "./node.ts";

/** A node that has its own memory: numbers and indices are written out. */
function solid(graph: GraphBuilder, node: Node): Node {
  let source = node;
  while (isView(source)) source = source.inputs[0]!;
  const hasMemory = source.op !== "literal" && source.op !== "iota";
  return hasMemory ? node : graph.elementwise("copy", [node], node.dtype, {}, node.shape);
}

export const dot: Lower = (graph, inputs, { outputs: [out] }) => {
  const [a, b] = inputs as [Node, Node];
  const depth = Math.max(a.shape.at(-1)!, b.shape.at(-1)!);
  const [left, right] = spread(graph, [a, b], [...out!.shape, depth], out!.dtype) as [Node, Node];
  return contract(graph, left, right, [out!.shape.length], out!);
};

export const reduce: Lower = (graph, [x], { params, outputs: [out] }) => {
  const axes = (params["axis"] as number[]).map((axis) => (axis < 0 ? axis + x!.shape.length : axis));
  if (axes.length === 0) return x!;
  if (axes.every((axis) => x!.shape[axis] === 1)) return graph.reshape(x!, out!.shape);
  return graph.kernel("reduce", [x!], out!.shape, x!.dtype, { axes, reduction: params["op"] as Reduction });
};

export const split: Lower = (graph, [x], { params }) => {
  let start = 0;
  return (params["sizes"] as number[]).map((size) => {
    const from = start;
    start += size;
    return graph.shrink(
      x!,
      x!.shape.map((length, i) => (i === params["axis"] ? [from, from + size] : [0, length])),
    );
  });
};

export const gather: Lower = (graph, [x, ...indices], { params, outputs: [out] }) => {
  const { shape, dtype } = out!;
  const source = solid(graph, x!);
  const axes = params["axis"] as number[];
  const outDim = params["outDim"] as number;
  const end = outDim + shape.length - (x!.shape.length - axes.length);
  const axesAround = shape.map((_, i) => i).filter((i) => i < outDim || i >= end);
  const spreadIndices = indices.map((index) => {
    const isWhole = index.dtype === "int32" || index.dtype === "uint32";
    const whole = isWhole ? index : graph.elementwise("cast", [index], "int32");
    return graph.broadcast(graph.broadcastTo(whole, shape.slice(outDim, end)), shape, axesAround);
  });
  return graph.elementwise("gather", [source, ...spreadIndices], dtype, { axes, outDim }, shape);
};

export const routine: Lower = (graph, inputs, equation) => {
  const shape = equation.outputs[0]!.shape;
  const node = graph.kernel(
    "routine",
    inputs.map((one) =>
      isView(one) ? graph.elementwise("copy", [one], one.dtype, {}, one.shape) : solid(graph, one),
    ),
    shape,
    equation.outputs[0]!.dtype,
    {
      routine: equation.primitive,
      detail: {
        ...equation.params,
        outputs: equation.outputs.map((out) => ({ shape: out.shape, dtype: out.dtype })),
      },
    },
  );
  return equation.outputs.map((out, result) =>
    graph.kernel("output", [node], out.shape, out.dtype, { result }),
  );
};
