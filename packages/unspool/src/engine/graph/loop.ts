/**
 * The primitive `scan` in the graph: one node of op `scan` whose body stays a traced program until the levels of its
 * operands are known, and one node `output` per result. What the body closes over and is known when compiling (numbers,
 * constant arrays) is part of the body; everything else is an operand, [...constants, ...carry, ...xs].
 */
import type { TensorData, TracedBody, TracedEquation } from "../../array/index.ts";
import { GraphBuilder } from "./builder.ts";
import { type Level, type Node, isView, numberOf } from "./node.ts";
import { settleLevels } from "./settleLevels.ts";
import { transposedProducts } from "./transposedProducts.ts";

/** A body for operands of certain levels. */
export interface LoopBody {
  readonly graph: GraphBuilder;
  /** The next carry and one row of each of ys. Input i is slot i: constants, carry, one row of each of xs. */
  readonly outputs: readonly Node[];
  /** Levels of the inputs; those of the carry settled. */
  readonly inputLevels: readonly Level[];
  /** Levels of the results: last carry, ys. */
  readonly resultLevels: readonly Level[];
}

export interface Loop {
  readonly length: number;
  readonly numConsts: number;
  readonly numCarry: number;
  /** Rows are taken, and written, from the last to the first. */
  readonly reverse: boolean;
  /** Loops with the same text and arrays compute the same. */
  readonly text: string;
  readonly arrays: readonly TensorData[];
  /** The body for operands of these levels. */
  body(levels: readonly Level[]): LoopBody;
}

type Inline = (graph: GraphBuilder, body: TracedBody, args: readonly Node[]) => Node[];

/** The results of a `scan` equation as nodes. `inline` makes nodes of a body. */
export function scanNodes(
  graph: GraphBuilder,
  equation: TracedEquation,
  inputs: readonly Node[],
  inline: Inline,
): Node[] {
  const { params, outputs } = equation;
  const numConsts = params["numConsts"] as number;
  const isFixed = (node: Node, i: number): boolean =>
    i < numConsts && (numberOf(node) !== undefined || node.op === "constant");
  const fixed = inputs.map((node, i) => (isFixed(node, i) ? node : undefined));
  const operands = inputs.filter((_, i) => fixed[i] === undefined);
  const loop = loopOf(equation, operands, fixed, inline);
  const [out] = outputs;
  if (out === undefined) return [];
  const node = graph.kernel(
    "scan",
    operands.map((operand) => contiguous(graph, operand)),
    [loop.length],
    out.dtype,
    { loop },
  );
  return outputs.map(({ shape, dtype }, result) => graph.kernel("output", [node], shape, dtype, { result }));
}

/** The node, or a copy of it, in memory in the row-major order of its own shape. */
function contiguous(graph: GraphBuilder, node: Node): Node {
  return isContiguous(node) ? node : graph.elementwise("copy", [node], node.dtype, {}, node.shape);
}

function isContiguous(node: Node): boolean {
  if (!isView(node)) return node.op !== "literal" && node.op !== "iota";
  const [operand] = node.inputs as [Node];
  const isRows =
    node.op === "shrink" && node.shape.every((length, axis) => axis === 0 || length === operand.shape[axis]);
  return (node.op === "reshape" || isRows) && isContiguous(operand);
}

function loopOf(
  { params, body }: TracedEquation,
  operands: readonly Node[],
  fixed: readonly (Node | undefined)[],
  inline: Inline,
): Loop {
  const { length, numCarry, reverse } = params as { length: number; numCarry: number; reverse: boolean };
  const numConsts = (params["numConsts"] as number) - fixed.filter((node) => node !== undefined).length;
  const first = numConsts + numCarry;
  const lower = (levels: readonly Level[]): { graph: GraphBuilder; outputs: Node[] } => {
    const graph = new GraphBuilder();
    let slot = 0;
    const args = fixed.map((node) => {
      if (node !== undefined) return fixedIn(graph, node);
      const { shape, dtype } = operands[slot]!;
      const level = levels[slot]!;
      return graph.input(slot, slot++ < first ? shape : shape.slice(1), dtype, level);
    });
    return transposedProducts(inline(graph, body!, args));
  };
  const settle = (levels: readonly Level[]): LoopBody => {
    const joined = (carry: readonly Level[]) => [
      ...levels.slice(0, numConsts),
      ...carry,
      ...levels.slice(first),
    ];
    let lowered: ReturnType<typeof lower> | undefined;
    const carry = settleLevels(levels.slice(numConsts, first), (trial) => {
      lowered = lower(joined(trial));
      return lowered.outputs.slice(0, numCarry).map(({ level }) => level);
    });
    const ys = lowered!.outputs.slice(numCarry).map(({ level }) => level);
    return { ...lowered!, inputLevels: joined(carry), resultLevels: [...carry, ...ys] };
  };
  const bodies = new Map<string, LoopBody>();
  return {
    ...{ length, numConsts, numCarry, reverse },
    text: textOf({ length, numConsts, numCarry, reverse, body, fixed: fixed.map(numberIn) }),
    arrays: fixed.flatMap((node) => node?.params.data ?? []),
    body(levels) {
      const name = levels.join("");
      const known = bodies.get(name) ?? settle(levels);
      bodies.set(name, known);
      return known;
    },
  };
}

/** A number or a constant array in another graph. */
function fixedIn(graph: GraphBuilder, node: Node): Node {
  const number = numberOf(node);
  if (number !== undefined)
    return graph.broadcastTo(graph.literal(number.params.value!, node.dtype), node.shape);
  return graph.constant(node.params.data!, node.shape, node.dtype);
}

/** What names a fixed value, besides its array if it is one. */
function numberIn(node: Node | undefined): unknown {
  return node && [numberOf(node)?.params.value, node.dtype, node.shape];
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "number" || (Number.isFinite(part) && !Object.is(part, -0))) return part;
    return Object.is(part, -0) ? "-0" : `${part}`;
  });
}
