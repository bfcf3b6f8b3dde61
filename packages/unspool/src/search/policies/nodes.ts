/**
 * Networks as nodes and edges: nodes are numbered layer by layer, inputs first, and edges go from lower to higher numbers.
 * One pass over the nodes in their order computes all of them:
 *
 *     value_i = tanh(sum_i + bias_i)   of hidden nodes when they are reached;   sum_j += w_ij value_i   for each edge
 *
 * Inputs have no bias and no tanh, outputs no bias.
 */
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import { type LayerSizes, type OutputKind, outputs } from "./choicePolicy.ts";

/** From a lower to a higher node. */
export type NetworkEdge = readonly [from: number, to: number];

export interface LayeredNodes {
  readonly sizes: readonly number[];
  /** First node of each layer, and the number of all nodes behind. */
  readonly starts: readonly number[];
  /** N. */
  readonly count: number;
  /** Hidden nodes: as many biases. */
  readonly hidden: number;
}

export function layeredNodes(
  where: string,
  { observations, hidden = [], actions }: LayerSizes,
): LayeredNodes {
  requireInteger(where, "observations", observations, 1);
  requireInteger(where, "actions", actions, 1);
  hidden.forEach((size, i) => requireInteger(where, `hidden[${i}]`, size, 1));
  const sizes = [observations, ...hidden, actions];
  const starts = sizes.reduce<number[]>((all, size) => [...all, all.at(-1)! + size], [0]);
  const count = starts.at(-1)!;
  return { sizes, starts, count, hidden: count - observations - actions };
}

/** Edges between neighbouring layers, layer by layer, of each node in order ("source-major"). */
export function layerEdges({ sizes, starts }: LayeredNodes): NetworkEdge[][] {
  return sizes.slice(1).map((size, layer) => {
    const [from, to] = [starts[layer]!, starts[layer + 1]!];
    return Array.from({ length: sizes[layer]! * size }, (_, e): NetworkEdge => [
      from + Math.floor(e / size),
      to + (e % size),
    ]);
  });
}

/** Edges from each layer to every later one, in the order of their nodes. */
export function residualEdges({ starts, sizes }: LayeredNodes): NetworkEdge[] {
  const edges: NetworkEdge[] = [];
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    for (let i = starts[layer]!; i < starts[layer + 1]!; i++)
      for (let j = starts[layer + 1]!; j < starts.at(-1)!; j++) edges.push([i, j]);
  }
  return edges;
}

/** Throws `OptionError` for an edge that stands twice, or does not go from a lower to a higher node. */
export function requireEdges(where: string, edges: readonly NetworkEdge[], nodes: number): void {
  const seen = new Set<string>();
  for (const [from, to] of edges) {
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to < nodes))
      throw new OptionError(where, "an edge", [from, to], `from a node to a higher one, below ${nodes}`);
    const name = `${from} ${to}`;
    if (seen.has(name))
      throw new OptionError(where, "edges", [from, to], "different ones", "This one stands twice.");
    seen.add(name);
  }
}

export interface Propagation {
  output: OutputKind;
  /**
   * Nodes of the first hidden layer hand on their sum as it is, as the authors' code does by mistake.
   */
  isFirstHiddenPlain: boolean;
}

export function requirePropagation(
  where: string,
  { output = "tanh", legacyFirstHidden = false }: { output?: OutputKind; legacyFirstHidden?: boolean },
): Propagation {
  requireOneOf(where, "output", output, Object.keys(outputs));
  if (typeof legacyFirstHidden !== "boolean")
    throw new OptionError(where, "legacyFirstHidden", legacyFirstHidden, "true or false");
  return { output, isFirstHiddenPlain: legacyFirstHidden };
}

/** Edges of a network in the order of their sources. */
export interface Wiring {
  /** [edges] each. */
  from: Int32Array;
  to: Int32Array;
  weights: Float64Array;
}

/** The action of a network; `bias(node)` of hidden nodes. */
export function propagate(
  { starts, count, sizes }: LayeredNodes,
  { from, to, weights }: Wiring,
  bias: (node: number) => number,
  observation: ArrayLike<number>,
  { output, isFirstHiddenPlain }: Propagation,
): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < starts[1]!; i++) values[i] = observation[i]!;
  const firstOutput = starts[sizes.length - 1]!;
  let edge = 0;
  for (let i = 0; i < firstOutput; i++) {
    const isPlain = i < starts[1]! || (isFirstHiddenPlain && i === starts[1]!);
    if (!isPlain) values[i] = Math.tanh(values[i]! + bias(i));
    for (; edge < from.length && from[edge] === i; edge++) values[to[edge]!]! += weights[edge]! * values[i]!;
  }
  return values.slice(firstOutput).map(outputs[output]);
}
