/**
 * One layer of gated recurrent units (Cho et al. 2014) in the form that cuDNN, PyTorch and Keras compute, in which the reset
 * gate acts on the product with the state:
 *
 *     (r, z, n_x) = x W + b,   (r', z', n_h) = h U + b',
 *     n = tanh(n_x + σ(r + r') n_h),   h <- (1 - σ(z + z')) n + σ(z + z') h
 */
import { type Key, type Tensor, nn, np, random } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { fanInNormal } from "./initialisers.ts";
import type { RecurrentCell } from "./recurrent.ts";

export type GruWeights = {
  /** W [inputs, 3 units]: reset gate, update gate, candidate. */
  inputWeights: Tensor;
  /** U [units, 3 units]. */
  stateWeights: Tensor;
  /** b [3 units]. */
  bias: Tensor;
  /** b' [3 units], of the products with the state: that of the candidate lies inside of the reset gate. */
  stateBias: Tensor;
};

/** Weights N(0, 1 / inputs) and N(0, 1 / units); biases 0. */
export function initGru(
  key: Key,
  options: { inputs: number; units: number; dtype?: "float32" | "float64" },
): GruWeights {
  requireKnownOptions("initGru", options, ["inputs", "units", "dtype"]);
  const { inputs, units, dtype = "float32" } = options;
  requireInteger("initGru", "inputs", inputs, 1);
  requireInteger("initGru", "units", units, 1);
  const matrix = (name: string, rows: number): Tensor =>
    fanInNormal(random.foldIn(key, name), [rows, 3 * units], dtype);
  return {
    inputWeights: matrix("inputs", inputs),
    stateWeights: matrix("state", units),
    bias: np.zeros([3 * units], { dtype }),
    stateBias: np.zeros([3 * units], { dtype }),
  };
}

/** The state [..., units] after inputs `x` [..., inputs]. */
export function gruCell(weights: GruWeights, x: Tensor, h: Tensor): Tensor {
  const units = h.shape.at(-1)!;
  const ofInputs = np.matmul(x, weights.inputWeights).add(weights.bias);
  const ofState = np.matmul(h, weights.stateWeights).add(weights.stateBias);
  const part = (of: Tensor, i: number): Tensor => of.slice("...", [i * units, (i + 1) * units]);
  const gate = (i: number): Tensor => nn.sigmoid(part(ofInputs, i).add(part(ofState, i)));
  const candidate = np.tanh(part(ofInputs, 2).add(gate(0).mul(part(ofState, 2))));
  const kept = gate(1);
  return candidate.add(kept.mul(h.sub(candidate)));
}

/** The layer as a cell for `recurrent` and `bidirectional`: it starts at zeros, its outputs are h. */
export function gru(weights: GruWeights): RecurrentCell<Tensor> {
  const { stateWeights } = weights;
  return {
    start: (lead) => np.zeros([...lead, stateWeights.shape[0]!], { dtype: stateWeights.dtype }),
    step: (x, h) => gruCell(weights, x, h),
    output: (h) => h,
  };
}
