/**
 * A sum of arrays that are 0 where the others are not, as the derivatives of slices of one array are, is one array with
 * their parts side by side.
 */
import { type Node, numberOf, sizeOf } from "./node.ts";
import type { Rule } from "./recover.ts";

interface Part {
  readonly node: Node;
  readonly start: number;
  readonly end: number;
}

/** Parts of a concatenation that are not 0. */
function partsOf({ inputs, params }: Node): Part[] {
  const axis = params.axes![0]!;
  let end = 0;
  return inputs
    .map((node): Part => {
      const start = end;
      end += node.shape[axis]!;
      return { node, start, end };
    })
    .filter(({ node }) => numberOf(node)?.params.value !== 0);
}

export const joinedParts: Rule = (graph, sum) => {
  const [a, b] = sum.inputs;
  if (sum.op !== "add" || a!.op !== "concatenate" || b!.op !== "concatenate") return undefined;
  const axis = a!.params.axes![0]!;
  const isAlike = b!.params.axes![0] === axis && String(a!.shape) === String(b!.shape);
  if (!isAlike || a === b || sum.dtype === "bool" || sizeOf(sum.shape) === 0) return undefined;
  const parts = [...partsOf(a!), ...partsOf(b!)].toSorted((one, other) => one.start - other.start);
  if (parts.some(({ start }, i) => i > 0 && start < parts[i - 1]!.end)) return undefined;
  const gap = (start: number, end: number): Node[] => {
    if (start === end) return [];
    const shape = sum.shape.map((length, i) => (i === axis ? end - start : length));
    return [graph.broadcastTo(graph.literal(0, sum.dtype), shape)];
  };
  const all = parts.flatMap(({ node, start }, i) => [...gap(parts[i - 1]?.end ?? 0, start), node]);
  all.push(...gap(parts.at(-1)?.end ?? 0, sum.shape[axis]!));
  return graph.concatenate(all, axis, sum.shape, sum.dtype);
};
