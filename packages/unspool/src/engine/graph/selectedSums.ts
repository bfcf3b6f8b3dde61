/**
 * The sum or difference of two selections by one condition is a selection between sums, of which one at least is no
 * operation: derivatives of functions that are defined by cases add up a number for each case.
 */
import { type Node, numberOf } from "./node.ts";
import type { Rule } from "./recover.ts";

const isZero = (node: Node): boolean => numberOf(node)?.params.value === 0;

export const selectedSums: Rule = (graph, node, uses) => {
  const [a, b] = node.inputs;
  if ((node.op !== "add" && node.op !== "sub") || a!.op !== "where" || b!.op !== "where") return undefined;
  if (a!.inputs[0] !== b!.inputs[0] || uses.get(a!) !== 1 || uses.get(b!) !== 1) return undefined;
  const [condition, ...left] = a!.inputs as [Node, Node, Node];
  const [, ...right] = b!.inputs as [Node, Node, Node];
  const isSimple = left.some((one, i) => isZero(right[i]!) || (node.op === "add" && isZero(one)));
  if (!isSimple) return undefined;
  const sums = left.map((one, i) => graph.elementwise(node.op, [one, right[i]!], node.dtype, {}, node.shape));
  return graph.elementwise("where", [condition, ...sums], node.dtype, {}, node.shape);
};
