/**
 * A fully connected network of which every edge is there or not: the choice has a bit of each, theta a weight of each and a
 * bias of each hidden node. How many there are is kept down by a `softConstraint` on the number of ones.
 */
import { requireKnownOptions } from "../../errors.ts";
import { mask } from "../hybrid/choiceSpace.ts";
import { type ChoicePolicy, type LayerSizes, type OutputKind, requireLengths } from "./choicePolicy.ts";
import { drawn } from "./networkDrawing.ts";
import { type NetworkEdge, layerEdges, layeredNodes, propagate, requirePropagation } from "./nodes.ts";

export interface MaskedPolicyOptions extends LayerSizes {
  /** Default "tanh". */
  output?: OutputKind;
}

/** The policy, with a bit of each edge as `discreteSpace`. Throws `OptionError` for sizes that are no numbers of nodes. */
export function maskedPolicy(options: MaskedPolicyOptions): ChoicePolicy {
  const where = "maskedPolicy";
  requireKnownOptions(where, options, ["observations", "hidden", "actions", "output"]);
  const { observations } = options;
  const nodes = layeredNodes(where, options);
  const propagation = requirePropagation(where, options);
  const edges = layerEdges(nodes).flat();
  const [from, to] = [0, 1].map((end) => Int32Array.from(edges, (edge) => edge[end]!)) as [
    Int32Array,
    Int32Array,
  ];
  const numParameters = edges.length + nodes.hidden;
  return {
    name: where,
    numParameters,
    discreteSpace: mask(edges.length),
    act(choice, theta, observation) {
      requireLengths(where, theta, numParameters, observation, observations);
      const weights = Float64Array.from(choice, (bit, e) => bit * theta[e]!);
      const bias = (node: number): number => theta[edges.length + node - observations]!;
      return propagate(nodes, { from, to, weights }, bias, observation, propagation);
    },
    network(choice, theta) {
      const kept = Array.from(choice, (_, e) => e).filter((e) => choice[e] === 1);
      const ofKept: NetworkEdge[] = kept.map((e) => edges[e]!);
      return drawn(
        nodes,
        ofKept,
        kept.map((e) => theta[e]!),
      );
    },
  };
}
