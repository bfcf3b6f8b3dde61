/**
 * One layer of long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000):
 *
 *     (i, f, g, o) = x W + h U + b,   c <- σ(f) c + σ(i) tanh(g),   h <- σ(o) tanh(c)
 */
import { type Key, type Tensor, nn, np, random } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { fanInNormal } from "./initialisers.ts";
import type { RecurrentCell } from "./recurrent.ts";

export type LstmWeights = {
  /** W [inputs, 4 units]: input gate, forget gate, cell, output gate. */
  inputWeights: Tensor;
  /** U [units, 4 units]. */
  stateWeights: Tensor;
  /** b [4 units]. */
  bias: Tensor;
};

/** [..., units] each. */
export type LstmState = { h: Tensor; c: Tensor };

/** Weights N(0, 1 / inputs) and N(0, 1 / units); biases 0, those of the forget gate 1, so that a cell remembers. */
export function initLstm(
  key: Key,
  options: { inputs: number; units: number; dtype?: "float32" | "float64" },
): LstmWeights {
  requireKnownOptions("initLstm", options, ["inputs", "units", "dtype"]);
  const { inputs, units, dtype = "float32" } = options;
  requireInteger("initLstm", "inputs", inputs, 1);
  requireInteger("initLstm", "units", units, 1);
  const matrix = (name: string, rows: number): Tensor =>
    fanInNormal(random.foldIn(key, name), [rows, 4 * units], dtype);
  const isForgetGate = (i: number): boolean => i >= units && i < 2 * units;
  return {
    inputWeights: matrix("inputs", inputs),
    stateWeights: matrix("state", units),
    bias: np.array(
      Array.from({ length: 4 * units }, (_, i) => (isForgetGate(i) ? 1 : 0)),
      { dtype },
    ),
  };
}

/** The state after inputs `x` [..., inputs]. */
export function lstmCell(weights: LstmWeights, x: Tensor, { h, c }: LstmState): LstmState {
  const units = c.shape.at(-1)!;
  const gates = np.matmul(x, weights.inputWeights).add(np.matmul(h, weights.stateWeights)).add(weights.bias);
  const gate = (i: number): Tensor => gates.slice("...", [i * units, (i + 1) * units]);
  const cell = nn
    .sigmoid(gate(1))
    .mul(c)
    .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
  return { h: nn.sigmoid(gate(3)).mul(np.tanh(cell)), c: cell };
}

/** The layer as a cell for `recurrent` and `bidirectional`: it starts at zeros, its outputs are h. */
export function lstm(weights: LstmWeights): RecurrentCell<LstmState> {
  const { stateWeights } = weights;
  return {
    start(lead) {
      const zero = np.zeros([...lead, stateWeights.shape[0]!], { dtype: stateWeights.dtype });
      return { h: zero, c: zero };
    },
    step: (x, state) => lstmCell(weights, x, state),
    output: ({ h }) => h,
  };
}
