/**
 * From a jaxpr to nodes. Nested `jit` equations are inlined; compound primitives become simpler ones; functions that
 * jax-js spells out and the engine has a kernel for are recovered by name.
 */
import type { DType, TensorData } from "../../array/index.ts";
import type { TracedEquation, TracedProgram } from "../../array/index.ts";
import { EngineError } from "../engineError.ts";
import type { GraphBuilder } from "./builder.ts";
import { contract, convolution, padded, pooled, unpooled } from "./convolution.ts";
import { namedProgram } from "./namedPrograms.ts";
import { scanNodes } from "./loop.ts";
import { recover } from "./recover.ts";
import { type Node, type Op, type Reduction, isView } from "./node.ts";

type Pairs = readonly (readonly [number, number])[];
type Lower = (graph: GraphBuilder, inputs: Node[], equation: TracedEquation) => Node | Node[];

/** A node that has its own memory: numbers and indices are written out. */
function solid(graph: GraphBuilder, node: Node): Node {
  let source = node;
  while (isView(source)) source = source.inputs[0]!;
  const hasMemory = source.op !== "literal" && source.op !== "iota";
  return hasMemory ? node : graph.elementwise("copy", [node], node.dtype, {}, node.shape);
}

/** Operands of the common dtype, broadcast to the common shape; numbers stay scalars. */
function spread(
  graph: GraphBuilder,
  inputs: readonly Node[],
  shape: readonly number[],
  dtype: DType,
): Node[] {
  return inputs.map((one) => {
    const cast = one.dtype === dtype ? one : graph.elementwise("cast", [one], dtype);
    return graph.broadcastTo(cast, shape);
  });
}

function elementwise(op: Op): Lower {
  return (graph, inputs, { outputs: [out] }) =>
    graph.elementwise(op, spread(graph, inputs, out!.shape, out!.dtype), out!.dtype, {}, out!.shape);
}

function unary(op: Op): Lower {
  return (graph, [x], { outputs: [out] }) => graph.elementwise(op, [x!], out!.dtype, {}, out!.shape);
}

const rank = (dtype: DType): number => ["bool", "uint32", "int32", "float32", "float64"].indexOf(dtype);

const compare: Lower = (graph, [a, b], { params, outputs: [out] }) => {
  const dtype = rank(a!.dtype) > rank(b!.dtype) ? a!.dtype : b!.dtype;
  const op = params["op"] as "less" | "less_equal" | "equal" | "not_equal";
  return graph.elementwise(op, spread(graph, [a!, b!], out!.shape, dtype), "bool", {}, out!.shape);
};

const where: Lower = (graph, [condition, a, b], { outputs: [out] }) => {
  const [c] = spread(graph, [condition!], out!.shape, "bool");
  return graph.elementwise(
    "where",
    [c!, ...spread(graph, [a!, b!], out!.shape, out!.dtype)],
    out!.dtype,
    {},
    out!.shape,
  );
};

const dot: Lower = (graph, inputs, { outputs: [out] }) => {
  const [a, b] = inputs as [Node, Node];
  const depth = Math.max(a.shape.at(-1)!, b.shape.at(-1)!);
  const [left, right] = spread(graph, [a, b], [...out!.shape, depth], out!.dtype) as [Node, Node];
  return contract(graph, left, right, [out!.shape.length], out!);
};

const reduce: Lower = (graph, [x], { params, outputs: [out] }) => {
  const axes = (params["axis"] as number[]).map((axis) => (axis < 0 ? axis + x!.shape.length : axis));
  if (axes.length === 0) return x!;
  if (axes.every((axis) => x!.shape[axis] === 1)) return graph.reshape(x!, out!.shape);
  return graph.kernel("reduce", [x!], out!.shape, x!.dtype, { axes, reduction: params["op"] as Reduction });
};

const split: Lower = (graph, [x], { params }) => {
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

const gather: Lower = (graph, [x, ...indices], { params, outputs: [out] }) => {
  const axes = params["axis"] as number[];
  const outDim = params["outDim"] as number;
  const inner = x!.shape.length - axes.length;
  const indexShape = out!.shape.slice(outDim, outDim + out!.shape.length - inner);
  const source = solid(graph, x!);
  const spreadIndices = indices.map((index) => {
    const flat = graph.broadcastTo(
      index.dtype === "int32" || index.dtype === "uint32"
        ? index
        : graph.elementwise("cast", [index], "int32"),
      indexShape,
    );
    const axesAround = out!.shape
      .map((_, i) => i)
      .filter((i) => i < outDim || i >= outDim + indexShape.length);
    return graph.broadcast(flat, out!.shape, axesAround);
  });
  return graph.elementwise("gather", [source, ...spreadIndices], out!.dtype, { axes, outDim }, out!.shape);
};

const randomBits: Lower = (graph, [k0, k1], { params, outputs: [out] }) => {
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

const routine: Lower = (graph, inputs, equation) => {
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

const bits: Record<string, Op> = { and: "and", or: "or", xor: "xor", shl: "shl", shr: "shr" };

/** How the engine treats a primitive. */
export type PrimitiveKind =
  /** One value from the values at the same place: fused with its neighbours into one loop. */
  | "elementwise"
  /** The same elements under another index: folded into the strides of whoever reads it, no kernel at all. */
  | "view"
  /** Fused into the loop that makes its operand. */
  | "reduction"
  /** A register-tiled kernel of its own. */
  | "product"
  /** Parts are computed right where they stand in the whole. */
  | "assembly"
  /** A function of its own in the module, called per unit and matrix. */
  | "routine"
  /** A loop in the program over its body, which is compiled like a section of its own. */
  | "loop"
  /** Inlined: its equations are compiled like others. */
  | "program";

const lowerings: Record<Exclude<PrimitiveKind, "loop" | "program">, Record<string, Lower>> = {
  elementwise: {
    add: elementwise("add"),
    mul: elementwise("mul"),
    idiv: elementwise("idiv"),
    mod: elementwise("mod"),
    min: elementwise("min"),
    max: elementwise("max"),
    neg: unary("neg"),
    reciprocal: unary("reciprocal"),
    floor: unary("floor"),
    ceil: unary("ceil"),
    sqrt: unary("sqrt"),
    sin: unary("sin"),
    cos: unary("cos"),
    asin: unary("asin"),
    atan: unary("atan"),
    exp: unary("exp"),
    log: unary("log"),
    erf: unary("erf"),
    erfc: unary("erfc"),
    bit_combine: (graph, inputs, equation) =>
      elementwise(bits[equation.params["op"] as string]!)(graph, inputs, equation),
    bit_shift: (graph, inputs, equation) =>
      elementwise(bits[equation.params["op"] as string]!)(graph, inputs, equation),
    bit_count: unary("bit_count"),
    cast: (graph, [x], { outputs: [out] }) => graph.elementwise("cast", [x!], out!.dtype, {}, out!.shape),
    bitcast: (graph, [x], { outputs: [out] }) =>
      x!.dtype === out!.dtype ? x! : graph.elementwise("bitcast", [x!], out!.dtype, {}, out!.shape),
    compare,
    where,
    random_bits: randomBits,
    gather,
  },
  view: {
    transpose: (graph, [x], { params }) => graph.transpose(x!, params["perm"] as number[]),
    broadcast: (graph, [x], { params }) => {
      const [shape, axes] = [params["shape"] as number[], params["axis"] as number[]];
      // Axes of length 1 that the operand has are widened too.
      const wide = graph.broadcastTo(
        x!,
        shape.filter((_, i) => !axes.includes(i)),
      );
      return graph.broadcast(wide, shape, axes);
    },
    reshape: (graph, [x], { params }) => graph.reshape(x!, params["shape"] as number[]),
    flip: (graph, [x], { params }) => graph.flip(x!, params["axis"] as number[]),
    shrink: (graph, [x], { params }) => graph.shrink(x!, params["slice"] as Pairs),
    split,
    pool: (graph, [x], { params }) =>
      pooled(graph, x!, params["window"] as number[], params["strides"] as number[]),
    stop_gradient: (_, [x]) => x!,
  },
  reduction: {
    reduce,
  },
  product: {
    dot,
    conv: (graph, [x, y], { params, outputs: [out] }) => convolution(graph, x!, y!, params, out!),
  },
  assembly: {
    concatenate: (graph, inputs, { params, outputs: [out] }) => {
      const cast = inputs.map((one) =>
        one.dtype === out!.dtype ? one : graph.elementwise("cast", [one], out!.dtype),
      );
      return graph.concatenate(cast, params["axis"] as number, out!.shape, out!.dtype);
    },
    pad: (graph, [x], { params }) => padded(graph, x!, params["width"] as Pairs),
    pool_transpose: (graph, [x], { params, outputs: [out] }) =>
      unpooled(graph, x!, out!.shape, params["window"] as number[], params["strides"] as number[]),
  },
  routine: {
    sort: routine,
    argsort: routine,
    scatter: routine,
    triangular_solve: routine,
    cholesky: routine,
    lu: routine,
    jacobi_eigh: routine,
    fft: routine,
  },
};

const lowering: Readonly<Record<string, Lower>> = Object.assign({}, ...Object.values(lowerings));

/** Primitives that the engine compiles, and how. */
export const primitiveKinds: Readonly<Record<string, PrimitiveKind>> = Object.fromEntries([
  ...Object.entries(lowerings).flatMap(([kind, names]) =>
    Object.keys(names).map((name) => [name, kind as PrimitiveKind] as const),
  ),
  ["scan", "loop"] as const,
  ["jit", "program"] as const,
]);

export const compiledPrimitives: readonly string[] = Object.keys(primitiveKinds).toSorted();

/** Nodes of the program's results, for nodes in place of its arguments. */
export function fromJaxpr(graph: GraphBuilder, program: TracedProgram, args: readonly Node[]): Node[] {
  return recover(graph, asTraced(graph, program, args), asTraced);
}

function asTraced(graph: GraphBuilder, program: TracedProgram, args: readonly Node[]): Node[] {
  const constants = program.constants.map(({ data, shape, dtype }) =>
    graph.constant(data as TensorData, shape, dtype),
  );
  return inline(graph, program.body, [...constants, ...args], program.name);
}

function inline(
  graph: GraphBuilder,
  body: TracedProgram["body"],
  args: readonly Node[],
  where: string,
): Node[] {
  const values = new Map<number, Node>();
  body.inputs.forEach((id, i) => values.set(id, args[i]!));
  const valueOf = (atom: (typeof body.outputs)[number]): Node =>
    "value" in atom ? graph.literal(atom.value, atom.dtype) : values.get(atom.id)!;
  for (const equation of body.equations) {
    const inputs = equation.inputs.map(valueOf);
    const outputs = lowerEquation(graph, equation, inputs, where);
    equation.outputs.forEach(({ id }, i) => values.set(id, outputs[i]!));
  }
  return body.outputs.map(valueOf);
}

function lowerEquation(graph: GraphBuilder, equation: TracedEquation, inputs: Node[], where: string): Node[] {
  if (equation.primitive === "scan") {
    return scanNodes(graph, equation, inputs, (own, body, args) =>
      recover(own, inline(own, body, args, where), asTraced),
    );
  }
  if (equation.body !== undefined) {
    return namedProgram(graph, equation, inputs) ?? inline(graph, equation.body, inputs, where);
  }
  const lower = lowering[equation.primitive];
  if (lower === undefined) throw new EngineError(where, equation.primitive, compiledPrimitives);
  return [lower(graph, inputs, equation)].flat();
}
