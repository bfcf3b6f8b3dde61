/** The primitives that the engine compiles, by how it treats them. */
import { convolution, padded, pooled, unpooled } from "./convolution.ts";
import {
  type Lower,
  bitwise,
  compare,
  elementwise,
  inDtype,
  ofFloats,
  randomBits,
  unary,
  where,
} from "./elementwiseLowerings.ts";
import { dot, gather, reduce, routine, split } from "./kernelLowerings.ts";

type Pairs = readonly (readonly [number, number])[];

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
    reciprocal: ofFloats("reciprocal"),
    floor: ofFloats("floor"),
    ceil: ofFloats("ceil"),
    sqrt: ofFloats("sqrt"),
    sin: ofFloats("sin"),
    cos: ofFloats("cos"),
    asin: ofFloats("asin"),
    atan: ofFloats("atan"),
    exp: ofFloats("exp"),
    log: ofFloats("log"),
    erf: ofFloats("erf"),
    erfc: ofFloats("erfc"),
    bit_combine: bitwise,
    bit_shift: bitwise,
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
    conv: (graph, inputs, { params, outputs: [out] }) => {
      const [x, y] = inputs.map((one) => inDtype(graph, one, out!.dtype));
      return convolution(graph, x!, y!, params, out!);
    },
  },
  assembly: {
    concatenate: (graph, inputs, { params, outputs: [out] }) => {
      const cast = inputs.map((one) => inDtype(graph, one, out!.dtype));
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

/** By the primitive of an equation. */
export const lowering: Readonly<Record<string, Lower>> = Object.assign({}, ...Object.values(lowerings));

/** Primitives that the engine compiles, and how. */
export const primitiveKinds: Readonly<Record<string, PrimitiveKind>> = Object.fromEntries([
  ...Object.entries(lowerings).flatMap(([kind, names]) =>
    Object.keys(names).map((name) => [name, kind as PrimitiveKind] as const),
  ),
  ["scan", "loop"] as const,
  ["jit", "program"] as const,
]);

export const compiledPrimitives: readonly string[] = Object.keys(primitiveKinds).toSorted();
