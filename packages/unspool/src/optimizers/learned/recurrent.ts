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
  /** Units n. Default 16. */
  units?: number;
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
  /** State before the first step, [n]; [2 n] for an LSTM, its cells second. */
  start: Tensor;
  /** By the cell's names of its gates. */
  gates: { [name: string]: RecurrentGate };
  /** w, [n]. */
  readWeights: Tensor;
  /** c. */
  readBias: Tensor;
};

export const cwRnnDefaults: Required<CwRnnOptions> = {
  cell: "gru",
  units: 16,
  inputScale: 1,
  outputScale: 1,
  gateBias: 0,
};

/**
 * Cost: n numbers of state per parameter (2 n for an LSTM), and as many multiplications as the cell has weights (3 n²
 * for a GRU).
 *
 * @example
 * const learned = cwRnn({ units: 16 });
 * const problem = metaTraining(learned, quadratics(), { horizon: 60, objective: "relative" });
 */
export function cwRnn(options: CwRnnOptions = {}): ComponentwiseOptimizer<CwRnnMeta> {
  const { cell: name, units, inputScale, outputScale, gateBias } = requireOptions(options);
  const cell = recurrentCells[name];
  return componentwise<CwRnnMeta>({
    name: `cwRnn(${name} ${units})`,
    size: units * cell.statesPerUnit,
    isSmooth: inputScale !== "log1p",
    init: (key) => ({
      start: np.zeros([units * cell.statesPerUnit]),
      gates: Object.fromEntries(
        cell.gates.map((gate) => [
          gate,
          initGate(random.foldIn(key, gate), inputScale === "log1p" ? 2 : 1, units),
        ]),
      ),
      readWeights: np.zeros([units]),
      readBias: np.zeros([]),
    }),
    start: ({ start }) => start,
    next({ gates }, gradients, states) {
      const inputs = seenAs(gradients.reshape([-1, 1]), inputScale);
      return cell.next(gates, inputs, states, gateBias);
    },
    readout({ readWeights, readBias }, states) {
      const hidden = cell.statesPerUnit === 1 ? states : states.slice([], [0, units]);
      return np.matmul(hidden, readWeights).add(readBias).mul(outputScale);
    },
  });
}

function seenAs(g: Tensor, scale: number | "raw" | "log1p"): Tensor[] {
  if (scale === "log1p") return [np.log1p(np.abs(g)), np.sign(g)];
  return [scale === "raw" || scale === 1 ? g : g.mul(scale)];
}

function requireOptions(options: CwRnnOptions): Required<CwRnnOptions> {
  const rule = withDefaults("cwRnn", options, cwRnnDefaults);
  requireOneOf("cwRnn", "cell", rule.cell, Object.keys(recurrentCells));
  requireInteger("cwRnn", "units", rule.units, 1);
  const { inputScale } = rule;
  if (inputScale !== "raw" && inputScale !== "log1p" && !Number.isFinite(inputScale)) {
    throw new OptionError("cwRnn", "inputScale", inputScale, 'a finite number, "raw" or "log1p"');
  }
  for (const name of ["outputScale", "gateBias"] as const) {
    if (!Number.isFinite(rule[name])) throw new OptionError("cwRnn", name, rule[name], "a finite number");
  }
  return rule;
}
