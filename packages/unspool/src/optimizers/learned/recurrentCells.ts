/**
 * Recurrent cells as optimizers run them, on one scalar input (or two) per row. Each gate is a map of the input x and
 * the state h; σ is the logistic function and b an additional bias of the gate that keeps the state.
 *
 *     vanilla:  h ← tanh(A x + W h + β)
 *     ugrnn:    u = σ(gate_u + b),   h ← u h + (1 - u) tanh(gate_c)
 *     gru:      u, r likewise (b for u only),   h ← u h + (1 - u) tanh(A_c x + W_c (r h) + β_c)
 *     lstm:     c ← σ(gate_f + 1) c + σ(gate_i) tanh(gate_g),   h ← σ(gate_o) tanh(c);  state (h, c)
 *
 * The reset gate r of the GRU multiplies the state before the matrix, and u keeps the old state (Cho et al. 2014);
 * UGRNN: Collins, Sohl-Dickstein and Sussillo 2017.
 */
import { type Key, type Tensor, nn, np, random } from "../../array/index.ts";
import { fanInNormal } from "../../networks/index.ts";

export type RecurrentCellName = "gru" | "ugrnn" | "vanilla" | "lstm";

/** A x + W h + β, in the orientation of rows. */
export type RecurrentGate = {
  /** A, [inputs, n]. */
  input: Tensor;
  /** W, [n, n]. */
  state: Tensor;
  /** β, [n]. */
  bias: Tensor;
};

export interface RecurrentCell {
  readonly gates: readonly string[];
  /** Numbers of state per unit: 2 for an LSTM, whose hidden output comes first. */
  readonly statesPerUnit: number;
  /** New states [P, m] for inputs and states [P, m]. */
  next(gates: Gates, inputs: CellInputs, states: Tensor, gateBias: number): Tensor;
}

/** Columns [P, 1] of few inputs, or a matrix [P, inputs] of many. */
export type CellInputs = readonly Tensor[] | Tensor;

type Gates = Readonly<Record<string, RecurrentGate>>;

export const recurrentCells: Readonly<Record<RecurrentCellName, RecurrentCell>> = {
  vanilla: {
    gates: ["candidate"],
    statesPerUnit: 1,
    next: ({ candidate }, x, h) => np.tanh(through(candidate!, x, h)),
  },
  ugrnn: {
    gates: ["update", "candidate"],
    statesPerUnit: 1,
    next({ update, candidate }, x, h, gateBias) {
      const kept = nn.sigmoid(through(update!, x, h).add(gateBias));
      return mixed(kept, h, np.tanh(through(candidate!, x, h)));
    },
  },
  gru: {
    gates: ["update", "reset", "candidate"],
    statesPerUnit: 1,
    next({ update, reset, candidate }, x, h, gateBias) {
      const kept = nn.sigmoid(through(update!, x, h).add(gateBias));
      const seen = nn.sigmoid(through(reset!, x, h)).mul(h);
      return mixed(kept, h, np.tanh(through(candidate!, x, seen)));
    },
  },
  lstm: {
    gates: ["input", "candidate", "forget", "output"],
    statesPerUnit: 2,
    next({ input, candidate, forget, output }, x, states) {
      const units = input!.bias.shape[0]!;
      const [h, cell] = [states.slice([], [0, units]), states.slice([], [units, 2 * units])];
      const kept = nn.sigmoid(through(forget!, x, h).add(1)).mul(cell);
      const next = kept.add(nn.sigmoid(through(input!, x, h)).mul(np.tanh(through(candidate!, x, h))));
      return np.concatenate([nn.sigmoid(through(output!, x, h)).mul(np.tanh(next)), next], 1);
    },
  },
};

/** A gate with A and W from N(0, 1 / inputs of the map), and β = 0. */
export function initGate(key: Key, inputs: number, units: number): RecurrentGate {
  const draw = (name: string, rows: number): Tensor => fanInNormal(random.foldIn(key, name), [rows, units]);
  return { input: draw("input", inputs), state: draw("state", units), bias: np.zeros([units]) };
}

/** Of columns A x is a sum of scaled rows: no product of matrices with one column. */
function through({ input, state, bias }: RecurrentGate, inputs: CellInputs, h: Tensor): Tensor {
  const own = np.matmul(h, state).add(bias);
  if (!isColumns(inputs)) return own.add(np.matmul(inputs, input));
  return inputs.reduce((sum, x, i) => sum.add(x.mul(input.slice(i))), own);
}

function mixed(kept: Tensor, old: Tensor, fresh: Tensor): Tensor {
  return fresh.add(kept.mul(old.sub(fresh)));
}

/** `Array.isArray` does not see that what is none is a tensor. */
function isColumns(inputs: CellInputs): inputs is readonly Tensor[] {
  return Array.isArray(inputs);
}
