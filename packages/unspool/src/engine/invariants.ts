/** Loop-invariant motion: what a step computes from values that no step changes is computed before the loop. */
import { GraphBuilder } from "./graph/builder.ts";
import { type Node, isSource, isView, numberOf } from "./graph/node.ts";

export interface Hoisted {
  /** The step with hoisted values read from new slots. */
  readonly graph: GraphBuilder;
  readonly outputs: Node[];
  /** Nodes of the old graph that are computed before the loop, by the number of their new slot. */
  readonly invariants: ReadonlyMap<number, Node>;
}

/**
 * `isVariant` says which slots change from step to step; `newSlot` makes a slot for a node. Nodes that `isCheap` are
 * not worth one: they are computed again in every step.
 */
export function hoistInvariants(
  outputs: readonly Node[],
  isVariant: (slot: number) => boolean,
  newSlot: (node: Node) => number,
  isCheap: (node: Node) => boolean = () => false,
): Hoisted {
  const graph = new GraphBuilder();
  const variant = new Map<Node, boolean>();
  const changes = (node: Node): boolean => {
    let known = variant.get(node);
    if (known === undefined) {
      known = node.op === "input" ? isVariant(node.params.slot!) : node.inputs.some(changes);
      variant.set(node, known);
    }
    return known;
  };
  const moved = new Map<Node, Node>();
  const invariants = new Map<number, Node>();
  const move = (node: Node): Node => {
    const known = moved.get(node);
    if (known !== undefined) return known;
    const isMoved =
      !changes(node) &&
      !isSource(node) &&
      !isView(node) &&
      numberOf(node) === undefined &&
      node.op !== "routine" &&
      node.op !== "scan" &&
      !isCheap(node);
    let result: Node;
    if (isMoved) {
      const slot = newSlot(node);
      invariants.set(slot, node);
      result = graph.input(slot, node.shape, node.dtype, node.level);
    } else {
      result = graph.clone(node, node.inputs.map(move));
    }
    moved.set(node, result);
    return result;
  };
  return { graph, outputs: outputs.map(move), invariants };
}
