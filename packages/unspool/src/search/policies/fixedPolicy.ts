/** Policies without a choice: layers of matrices that are made of parameters in one of several ways. */
import { requireKnownOptions } from "../../errors.ts";
import { list } from "../hybrid/choiceSpace.ts";
import {
  type ChoicePolicy,
  type LayerSizes,
  type OutputKind,
  outputs,
  requireLengths,
} from "./choicePolicy.ts";
import { drawn } from "./networkDrawing.ts";
import { layerEdges, layeredNodes, requirePropagation } from "./nodes.ts";

export interface FixedPolicyOptions extends LayerSizes {
  /** Default "tanh". */
  output?: OutputKind;
}

/** A matrix [rows, columns] as numbers of a vector. */
export interface MatrixStructure {
  /** How many numbers it is made of. */
  size(rows: number, columns: number): number;
  /** Which of them stands in row i, column j. */
  at(i: number, j: number, rows: number, columns: number): number;
}

/** Theta has the numbers of the matrices, layer by layer, and then the biases of the hidden layers. */
export function fixedPolicy(
  where: string,
  structure: MatrixStructure,
  options: FixedPolicyOptions,
): ChoicePolicy {
  requireKnownOptions(where, options, ["observations", "hidden", "actions", "output"]);
  const { observations } = options;
  const nodes = layeredNodes(where, options);
  const { output } = requirePropagation(where, options);
  const { sizes } = nodes;
  const layers = sizes.slice(1).map((rows, layer) => ({ rows, columns: sizes[layer]! }));
  const firsts = layers.reduce<number[]>(
    (all, { rows, columns }) => [...all, all.at(-1)! + structure.size(rows, columns)],
    [0],
  );
  const weights = firsts.at(-1)!;
  const numParameters = weights + nodes.hidden;
  const weightAt = (theta: Float64Array, layer: number, i: number, j: number): number => {
    const { rows, columns } = layers[layer]!;
    return theta[firsts[layer]! + structure.at(i, j, rows, columns)]!;
  };
  return {
    name: where,
    numParameters,
    discreteSpace: list([]),
    act(_choice, theta, observation) {
      requireLengths(where, theta, numParameters, observation, observations);
      let values = Float64Array.from(observation);
      let bias = weights;
      layers.forEach(({ rows, columns }, layer) => {
        const isLast = layer + 1 === layers.length;
        values = Float64Array.from({ length: rows }, (_, i) => {
          let sum = isLast ? 0 : theta[bias + i]!;
          for (let j = 0; j < columns; j++) sum += weightAt(theta, layer, i, j) * values[j]!;
          return isLast ? outputs[output](sum) : Math.tanh(sum);
        });
        if (!isLast) bias += rows;
      });
      return values;
    },
    network(_choice, theta) {
      const edges = layerEdges(nodes);
      const numbers = edges.flatMap((of, layer) => {
        const rows = layers[layer]!.rows;
        return of.map((_, e) => weightAt(theta, layer, e % rows, Math.floor(e / rows)));
      });
      return drawn(nodes, edges.flat(), numbers);
    },
  };
}
