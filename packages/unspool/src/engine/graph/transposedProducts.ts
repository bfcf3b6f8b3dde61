/**
 * A product of which only a transposed view is used is computed in that order: the derivative of x W by W arrives as
 * the transpose of a product, and reading it as such would cost more than the product.
 */
import { GraphBuilder } from "./builder.ts";
import { type Node, reachable } from "./node.ts";

export interface Rewritten {
  readonly graph: GraphBuilder;
  readonly outputs: Node[];
}

export function transposedProducts(outputs: readonly Node[]): Rewritten {
  const graph = new GraphBuilder();
  const nodes = reachable(outputs);
  const uses = new Map<Node, number>();
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(count);
  outputs.forEach(count);
  const moved = new Map<Node, Node>();
  for (const node of nodes) {
    const [product] = node.inputs;
    const isFolded = node.op === "transpose" && product!.op === "dot" && uses.get(product!) === 1;
    const inputs = (isFolded ? product! : node).inputs.map((input) => moved.get(input)!);
    moved.set(node, isFolded ? transposed(graph, node, product!, inputs) : graph.clone(node, inputs));
  }
  return { graph, outputs: outputs.map((node) => moved.get(node)!) };
}

function transposed(graph: GraphBuilder, node: Node, product: Node, inputs: readonly Node[]): Node {
  const { shape } = product.inputs[0]!;
  const summed = product.params.axes ?? [shape.length - 1];
  const kept = shape.map((_, i) => i).filter((i) => !summed.includes(i));
  // Summed axes stay where they are; the kept ones change places among themselves.
  const perm = shape.map((_, i) => i);
  kept.forEach((axis, i) => (perm[axis] = kept[node.params.perm![i]!]!));
  return graph.kernel(
    "dot",
    inputs.map((input) => graph.transpose(input, perm)),
    node.shape,
    node.dtype,
    product.params,
  );
}
