/** A network as it is drawn: nodes in columns by layer, edges by which weights they share. */
import type { LayeredNodes, NetworkEdge } from "./nodes.ts";

export interface NetworkDrawing {
  /** Places of nodes: the layer, and the height within it from -1 to 1. */
  nodes: { x: number; y: number }[];
  /** Edges, with what groups them: the number of a shared weight, or nothing where each has its own. */
  edges: { from: number; to: number; weight: number; group: number | null }[];
}

/** Nodes of one layer stand in a column, the first on top. */
export function drawn(
  { sizes }: LayeredNodes,
  edges: readonly NetworkEdge[],
  weights: ArrayLike<number>,
  groups?: ArrayLike<number>,
): NetworkDrawing {
  return {
    nodes: sizes.flatMap((size, layer) =>
      Array.from({ length: size }, (_, i) => ({ x: layer, y: size === 1 ? 0 : 1 - (2 * i) / (size - 1) })),
    ),
    edges: edges.map(([from, to], e) => ({ from, to, weight: weights[e]!, group: groups?.[e] ?? null })),
  };
}
