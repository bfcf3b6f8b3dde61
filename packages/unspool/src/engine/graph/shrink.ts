/** Parts of arrays that are parts of something simpler: of one piece of a concatenation, of a part, of a reshape. */
import type { GraphBuilder } from "./builder.ts";
import type { Node } from "./node.ts";

/** Start and end per axis. */
type Pairs = readonly (readonly [number, number])[];

/** The elements of `node` between `pairs` as a part of its operand; undefined if they are none. */
export function shrinkInside(graph: GraphBuilder, node: Node, pairs: Pairs): Node | undefined {
  if (node.op === "concatenate") return insideConcatenation(graph, node, pairs);
  if (node.op === "reshape") return insideReshape(graph, node, pairs);
  if (node.op !== "shrink") return undefined;
  const outer = node.params.pairs!;
  return graph.shrink(
    node.inputs[0]!,
    pairs.map(([from, to], i) => [from + outer[i]![0], to + outer[i]![0]]),
  );
}

function insideConcatenation(graph: GraphBuilder, node: Node, pairs: Pairs): Node | undefined {
  const axis = node.params.axes![0]!;
  let start = 0;
  for (const part of node.inputs) {
    const from = start;
    start += part.shape[axis]!;
    if (pairs[axis]![0] < from || pairs[axis]![1] > start) continue;
    return graph.shrink(
      part,
      pairs.map((pair, i) => (i === axis ? [pair[0] - from, pair[1] - from] : pair)),
    );
  }
  return undefined;
}

/** Elements of a reshape that only adds or drops axes of length 1 are elements of its operand. */
function insideReshape(graph: GraphBuilder, node: Node, pairs: Pairs): Node | undefined {
  const inner = node.inputs[0]!;
  const [long, innerLong] = [longAxes(node), longAxes(inner)];
  if (long.map((axis) => node.shape[axis]).join() !== innerLong.map((axis) => inner.shape[axis]).join())
    return undefined;
  const innerPairs = inner.shape.map((length, axis): readonly [number, number] => {
    const at = innerLong.indexOf(axis);
    return at < 0 ? [0, length] : pairs[long[at]!]!;
  });
  const shape = pairs.map(([from, to]) => to - from);
  return graph.reshape(graph.shrink(inner, innerPairs), shape);
}

const longAxes = ({ shape }: Node): number[] => shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
