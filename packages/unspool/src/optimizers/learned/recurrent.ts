/**
 * A recurrent network at every parameter, fed with its gradient. Andrychowicz et al., "Learning to learn by gradient
 * descent by gradient descent", NeurIPS 2016, in the form of Maheswaranathan, Sussillo, Metz, Sun and Sohl-Dickstein,
 * "Reverse engineering learned optimizers reveals known and novel mechanisms", NeurIPS 2021.
 *
 *     h ← F(x(g), h)
 *     p ← p + outputScale · (w · h + c)
 *
 * F is a recurrent cell. The state before the first step is learned; w and c start at 0, so that an optimizer that has
 * not been trained does nothing.
 */
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type ComponentwiseOptimizer, componentwise } from "./componentwise.ts";
import { type RecurrentCellName, type RecurrentGate, initGate, recurrentCells } from "./recurrentCells.ts";

export interface CwRnnOptions {
  /** Default "gru". */
  cell?: RecurrentCellName;
  /** Units n of a layer. Default 16. */
  units?: number;
  /** Layers of cells, each fed with the new hidden units of the one below. Default 1. */
  layers?: number;
  /**
   * What the cell sees of a gradient: a number times it, "raw" for the gradient itself, or "log1p" for the two numbers
   * log(1 + |g|) and sign g. Default 1.
   */
  inputScale?: number | "raw" | "log1p";
  /** Scale of the step. Default 1. */
  outputScale?: number;
  /** Added to the bias of the gate that keeps the state ("gru" and "ugrnn"). Default 0. */
  gateBias?: number;
}

export type CwRnnMeta = {
  /** State before the first step, [n]; [2 n] for an LSTM, its cells second. Of several layers one after the other. */
  start: Tensor;
  /** By the cell's names of its gates; with the number of the layer behind, from the second on: `update2`. */
  gates: { [name: string]: RecurrentGate };
  /** w, [n]. */
  readWeights: Tensor;
  /** c. */
  readBias: Tensor;
};

export const cwRnnDefaults: Required<CwRnnOptions> = {
  cell: "gru",
  units: 16,
  layers: 1,
  inputScale: 1,
  outputScale: 1,
  gateBias: 0,
};

/**
 * Cost per layer: n numbers of state per parameter (2 n for an LSTM), and as many multiplications as the cell has weights
 * (3 n² for a GRU, 6 n² from its second layer on).
 *
 * @example
 * const learned = cwRnn({ units: 16 });
 * const problem = metaTraining(learned, quadratics(), { horizon: 60, objective: "relative" });
 */
export function cwRnn(options: CwRnnOptions = {}): ComponentwiseOptimizer<CwRnnMeta> {
  const { cell: name, units, layers, inputScale, outputScale, gateBias } = requireOptions(options);
  const cell = recurrentCells[name];
  const perLayer = units * cell.statesPerUnit;
  const numbers = Array.from({ length: layers }, (_, layer) => layer);
  return componentwise<CwRnnMeta>({
    name: `cwRnn(${name} ${numbers.map(() => units).join("-")})`,
    size: perLayer * layers,
    isSmooth: inputScale !== "log1p",
    init: (key) => ({
      start: np.zeros([perLayer * layers]),
      gates: Object.fromEntries(
        numbers.flatMap((layer) =>
          cell.gates.map((gate) => {
            const own = nameOf(gate, layer);
            const inputs = layer > 0 ? units : inputScale === "log1p" ? 2 : 1;
            return [own, initGate(random.foldIn(key, own), inputs, units)];
          }),
        ),
      ),
      readWeights: np.zeros([units]),
      readBias: np.zeros([]),
    }),
    start: ({ start }) => start,
    next({ gates }, gradients, states) {
      const fresh: Tensor[] = [];
      for (const layer of numbers) {
        const own = Object.fromEntries(cell.gates.map((gate) => [gate, gates[nameOf(gate, layer)]!]));
        const below = fresh.at(-1);
        const inputs =
          below === undefined
            ? seenAs(gradients.reshape([-1, 1]), inputScale)
            : hiddenOf(below, perLayer, units);
        fresh.push(cell.next(own, inputs, ofLayer(states, layer), gateBias));
      }
      return layers === 1 ? fresh[0]! : np.concatenate(fresh, 1);
    },
    readout({ readWeights, readBias }, states) {
      const hidden = hiddenOf(ofLayer(states, layers - 1), perLayer, units);
      return np.matmul(hidden, readWeights).add(readBias).mul(outputScale);
    },
  });

  function ofLayer(states: Tensor, layer: number): Tensor {
    return layers === 1 ? states : states.slice([], [layer * perLayer, (layer + 1) * perLayer]);
  }
}

/** The first layer's gates have the cell's own names. */
const nameOf = (gate: string, layer: number): string => (layer === 0 ? gate : `${gate}${layer + 1}`);

/** Hidden units [P, n] of the states [P, m] of a layer. */
function hiddenOf(states: Tensor, size: number, units: number): Tensor {
  return size === units ? states : states.slice([], [0, units]);
}

function seenAs(g: Tensor, scale: number | "raw" | "log1p"): Tensor[] {
  if (scale === "log1p") return [np.log1p(np.abs(g)), np.sign(g)];
  return [scale === "raw" || scale === 1 ? g : g.mul(scale)];
}

function requireOptions(options: CwRnnOptions): Required<CwRnnOptions> {
  const rule = withDefaults("cwRnn", options, cwRnnDefaults);
  requireOneOf("cwRnn", "cell", rule.cell, Object.keys(recurrentCells));
  requireInteger("cwRnn", "units", rule.units, 1);
  requireInteger("cwRnn", "layers", rule.layers, 1);
  const { inputScale } = rule;
  if (inputScale !== "raw" && inputScale !== "log1p" && !Number.isFinite(inputScale)) {
    throw new OptionError("cwRnn", "inputScale", inputScale, 'a finite number, "raw" or "log1p"');
  }
  for (const name of ["outputScale", "gateBias"] as const) {
    if (!Number.isFinite(rule[name])) throw new OptionError("cwRnn", name, rule[name], "a finite number");
  }
  return rule;
}
