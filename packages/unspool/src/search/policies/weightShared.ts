/**
 * A fully connected network whose edges share K weights ("chromatic networks", Song et al., arXiv:1907.06511): the choice
 * gives every edge a colour, theta has a weight of each colour and a bias of each hidden node. With E edges it is stored in
 * 32 K + E ⌈log2 K⌉ bits.
 */
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import { list, oneOf } from "../hybrid/choiceSpace.ts";
import { type ChoicePolicy, type LayerSizes, type OutputKind, requireLengths } from "./choicePolicy.ts";
import { drawn } from "./networkDrawing.ts";
import { layerEdges, layeredNodes, propagate, requirePropagation } from "./nodes.ts";

export interface WeightSharedOptions extends LayerSizes {
  /** K. Default 17. */
  colours?: number;
  /** Default "tanh". */
  output?: OutputKind;
  /** The first hidden node hands on its sum without bias and tanh, as the authors' code has it. Default false. */
  legacyFirstHidden?: boolean;
}

/**
 * The policy, with a colour of each edge as `discreteSpace`. Throws `OptionError` for sizes or colours that are no whole numbers
 * of at least 1.
 *
 * @example
 * // Four numbers that drive a swimmer of eight observations and two joints.
 * const policy = weightShared({ observations: 8, actions: 2, colours: 4, output: "clip" });
 */
export function weightShared(options: WeightSharedOptions): ChoicePolicy {
  const where = "weightShared";
  const names = ["observations", "hidden", "actions", "colours", "output", "legacyFirstHidden"] as const;
  requireKnownOptions(where, options, names);
  const { colours = 17, observations } = options;
  requireInteger(where, "colours", colours, 1);
  const nodes = layeredNodes(where, options);
  const propagation = requirePropagation(where, options);
  const edges = layerEdges(nodes).flat();
  const [from, to] = [0, 1].map((end) => Int32Array.from(edges, (edge) => edge[end]!)) as [
    Int32Array,
    Int32Array,
  ];
  const numParameters = colours + nodes.hidden;
  const weightsOf = (choice: Int32Array, theta: Float64Array): Float64Array =>
    Float64Array.from(choice, (colour) => theta[colour]!);
  return {
    name: where,
    numParameters,
    discreteSpace: list(edges.map(() => oneOf(colours))),
    act(choice, theta, observation) {
      requireLengths(where, theta, numParameters, observation, observations);
      const bias = (node: number): number => theta[colours + node - observations]!;
      return propagate(
        nodes,
        { from, to, weights: weightsOf(choice, theta) },
        bias,
        observation,
        propagation,
      );
    },
    network: (choice, theta) => drawn(nodes, edges, weightsOf(choice, theta), choice),
  };
}

/** Bits that a network of so many edges and colours takes: 32 of each weight, and a colour of each edge. */
export function weightSharedBits(edges: number, colours: number): number {
  requireInteger("weightSharedBits", "edges", edges, 0);
  requireInteger("weightSharedBits", "colours", colours, 1);
  return 32 * colours + edges * Math.ceil(Math.log2(colours));
}
