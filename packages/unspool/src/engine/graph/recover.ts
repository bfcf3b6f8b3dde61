/**
 * Recovers what a trace has lost: a slope that the engine has a kernel for, and simple values that automatic differentiation records as sums of padded or selected parts. Every rule keeps special values;
 * a sum of a zero with a part may turn -0 into 0 and back.
 */
import type { GraphBuilder } from "./builder.ts";
import { joinedParts } from "./joinedParts.ts";
import { type Node, numberOf, reachable } from "./node.ts";
import { selectedSums } from "./selectedSums.ts";

/** A simpler node for the same value. */
export type Rule = (graph: GraphBuilder, node: Node, uses: ReadonlyMap<Node, number>) => Node | undefined;

/** `outputs` in simpler words, in the same graph. */
export function recover(graph: GraphBuilder, outputs: readonly Node[]): Node[] {
  const nodes = reachable(outputs);
  const uses = useCounts(nodes, outputs);
  const rules = [tanhSlope, joinedParts, selectedSums];
  const moved = new Map<Node, Node>();
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => moved.get(input)!);
    const isSame = inputs.every((input, i) => input === node.inputs[i]);
    let current = isSame ? node : graph.rebuild(node, inputs);
    const inherit = (other: Node): void => void uses.set(other, uses.get(other) ?? uses.get(node)!);
    inherit(current);
    for (const rule of rules) {
      const simpler = rule(graph, current, uses);
      if (simpler === undefined) continue;
      inherit(simpler);
      current = simpler;
    }
    moved.set(node, current);
  }
  return outputs.map((node) => moved.get(node)!);
}

/** How often each node is an operand or an output. */
function useCounts(nodes: readonly Node[], outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}

/** tanh' x = 4 sigmoid'(2 x), as the array room has it. Both factors are powers of two. */
const tanhSlope: Rule = (graph, node) => {
  const [slope, four] = node.inputs;
  if (node.op !== "mul" || slope!.op !== "sigmoid_slope" || numberOf(four!)?.params.value !== 4)
    return undefined;
  const [doubled] = slope!.inputs as [Node];
  if (doubled.op !== "mul" || numberOf(doubled.inputs[1]!)?.params.value !== 2) return undefined;
  return graph.elementwise("tanh_slope", [doubled.inputs[0]!], node.dtype, {}, node.shape);
};
