/** The LSTM of hyperparameter controllers (Hochreiter and Schmidhuber 1997, with a forget bias of 1). */
import { type Key, type Tensor, nn, np } from "../../array/index.ts";
import { type NetworkLayer, initLayers } from "./learnedOptimizer.ts";

/** Hidden output and cell, each [units]. */
export type LstmMemory = { hidden: Tensor; cell: Tensor };

/** One map of [inputs, hidden] to the gates i, g, f, o. */
export function initLstmLayer(key: Key, inputs: number, units: number): NetworkLayer {
  return initLayers(key, [inputs + units, 4 * units])[0]!;
}

/** c ← σ(f + 1) c + σ(i) tanh(g),  h ← σ(o) tanh(c). */
export function lstmStep({ weights, bias }: NetworkLayer, input: Tensor, memory: LstmMemory): LstmMemory {
  const { hidden, cell } = memory;
  const units = hidden.shape[0]!;
  const gates = np.matmul(np.concatenate([input, hidden]), weights).add(bias);
  const gate = (i: number): Tensor => gates.slice([i * units, (i + 1) * units]);
  const kept = nn.sigmoid(gate(2).add(1)).mul(cell);
  const next = kept.add(nn.sigmoid(gate(0)).mul(np.tanh(gate(1))));
  return { hidden: nn.sigmoid(gate(3)).mul(np.tanh(next)), cell: next };
}
