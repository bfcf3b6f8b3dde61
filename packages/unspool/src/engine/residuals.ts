/**
 * Which values of a forward step its pullback computes again instead of reading what the forward step kept: cheap
 * functions of one single kept value, as 1 - y² of y = tanh(x), and what costs more to keep than to compute.
 */
import { type Node, type Op, isSource, isView, numberOf } from "./graph/node.ts";

/** At most about the time of a load from the second-level cache. */
const cheap: ReadonlySet<Op> = new Set<Op>([
  "add",
  "sub",
  "mul",
  "neg",
  "min",
  "max",
  "less",
  "less_equal",
  "equal",
  "not_equal",
  "where",
  "cast",
  "copy",
  "abs",
  "and",
  "or",
  "xor",
]);

/** A predicate of nodes. */
export function recomputable(): (node: Node) => boolean {
  const sources = new Map<Node, ReadonlySet<Node>>();
  /** The values that a chain of cheap operations ends at. */
  const endsOf = (node: Node): ReadonlySet<Node> => {
    let known = sources.get(node);
    if (known === undefined) {
      if (numberOf(node) !== undefined || (isSource(node) && node.op !== "input")) known = new Set();
      else if (isView(node) || cheap.has(node.op))
        known = new Set(node.inputs.flatMap((input) => [...endsOf(input)]));
      else known = new Set([node]);
      sources.set(node, known);
    }
    return known;
  };
  return (node) => cheap.has(node.op) && endsOf(node).size <= 1;
}
