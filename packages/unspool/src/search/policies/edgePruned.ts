/**
 * A network that keeps k of its possible edges (edge pruning of the ES-ENAS paper): the choice is which, theta has a weight
 * for every possible edge, so that one that comes back has the weight with which it left, and a bias of each hidden node.
 *
 *     "aggregate"    k of all edges between neighbouring layers
 *     "independent"  k_l of those behind layer l
 *     "residual"     k of the edges from any layer to any later one
 *
 * The authors' code keeps a square matrix of weights over all nodes, most of which belongs to no possible edge.
 */
import { OptionError, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { choose, list } from "../hybrid/choiceSpace.ts";
import { type ChoicePolicy, type LayerSizes, type OutputKind, requireLengths } from "./choicePolicy.ts";
import { drawn } from "./networkDrawing.ts";
import {
  type NetworkEdge,
  type Wiring,
  layerEdges,
  layeredNodes,
  propagate,
  requirePropagation,
  residualEdges,
} from "./nodes.ts";

export interface EdgePrunedOptions extends LayerSizes {
  /** k: how many edges are kept; of "independent" behind each layer. */
  edges: number | readonly number[];
  /** Which edges are possible, and how they are counted. Default "aggregate". */
  mode?: "aggregate" | "independent" | "residual";
  /** Default "tanh". */
  output?: OutputKind;
  /** The first hidden node hands on its sum without bias and tanh, as the authors' code has it. Default false. */
  legacyFirstHidden?: boolean;
}

export interface EdgePrunedPolicy extends ChoicePolicy {
  /** All possible edges: the choice has their numbers. Theta has their weights in this order, and then the biases. */
  readonly possible: readonly NetworkEdge[];
  /** The edges that a choice keeps. */
  edgesOf(choice: Int32Array): NetworkEdge[];
}

const where = "edgePruned";

/**
 * The policy, with a choice of edges as `discreteSpace`. Throws `OptionError` for more edges than are possible, a mode that is
 * none, and numbers of edges that do not fit the mode.
 *
 * @example
 * const policy = edgePruned({ observations: 8, hidden: [4], actions: 2, edges: 12 });
 * const search = esEnas({ space: hybridSpace({ discrete: policy.discreteSpace, continuous: policy.numParameters }) });
 */
export function edgePruned(options: EdgePrunedOptions): EdgePrunedPolicy {
  const names = [
    "observations",
    "hidden",
    "actions",
    "edges",
    "mode",
    "output",
    "legacyFirstHidden",
  ] as const;
  requireKnownOptions(where, options, names);
  const { edges: kept, mode = "aggregate" } = options;
  requireOneOf(where, "mode", mode, ["aggregate", "independent", "residual"]);
  const nodes = layeredNodes(where, options);
  const propagation = requirePropagation(where, options);
  const groups = mode === "residual" ? [residualEdges(nodes)] : layerEdges(nodes);
  const budgets = typeof kept === "number" ? [kept] : [...kept];
  const pools = mode === "independent" ? groups : [groups.flat()];
  if (budgets.length !== pools.length)
    throw new OptionError(
      where,
      "edges",
      kept,
      `${pools.length === 1 ? "a number" : `${pools.length} numbers, one behind each layer`} in mode "${mode}"`,
    );
  const possible = groups.flat();
  // Numbers of each pool's first edge, and of its place in a choice.
  const firsts = pools.reduce<number[]>((all, pool) => [...all, all.at(-1)! + pool.length], [0]);
  const indicesOf = (choice: Int32Array): Int32Array => {
    let [pool, end] = [0, budgets[0]!];
    return choice.map((index, i) => {
      if (i >= end) end += budgets[++pool]!;
      return firsts[pool]! + index;
    });
  };
  const numParameters = possible.length + nodes.hidden;
  const wiringOf = (choice: Int32Array, theta: Float64Array): Wiring => {
    // Sets are rising, and possible edges in the order of their sources.
    const indices = indicesOf(choice);
    return {
      from: indices.map((e) => possible[e]![0]),
      to: indices.map((e) => possible[e]![1]),
      weights: Float64Array.from(indices, (e) => theta[e]!),
    };
  };
  const edgesOf = (choice: Int32Array): NetworkEdge[] => Array.from(indicesOf(choice), (e) => possible[e]!);
  const { observations } = options;
  return {
    name: where,
    numParameters,
    discreteSpace: list(pools.map((pool, i) => choose(budgets[i]!, pool.length))),
    possible,
    edgesOf,
    act(choice, theta, observation) {
      requireLengths(where, theta, numParameters, observation, observations);
      const bias = (node: number): number => theta[possible.length + node - observations]!;
      return propagate(nodes, wiringOf(choice, theta), bias, observation, propagation);
    },
    network: (choice, theta) => drawn(nodes, edgesOf(choice), wiringOf(choice, theta).weights),
  };
}
