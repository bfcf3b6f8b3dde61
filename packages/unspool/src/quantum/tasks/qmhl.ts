/**
 * Quantum modular Hamiltonian learning: a model is fitted to a state that is given (Verdon et al. 2019),
 *
 *     L = tr[σ K] + log Z,      L - S(σ) = D(σ‖ρ).
 */
import { requireKnownOptions } from "../../errors.ts";
import { type HermitianMatrix, entropy, sqrt } from "../hermitian/index.ts";
import { complexPair } from "../hermitian/index.ts";
import { requireState } from "../hermitian/requireHermitian.ts";
import {
  type QuantumTask,
  type QuantumTaskOptions,
  lossSettings,
  quantumTask,
  taskOptionNames,
} from "./quantumTask.ts";

export interface QmhlOptions<Theta> extends QuantumTaskOptions<Theta> {
  /** σ [D, D], a density matrix: Hermitian, of trace 1, no eigenvalue below 0, all to 1e-8. */
  sigma: HermitianMatrix;
  /** The state that fidelity compares with. Default `sigma`. */
  reference?: HermitianMatrix;
}

/**
 * The task of fitting a state. Throws `OptionError` for a σ that is no state, and `ShapeError` for one of another number of
 * qubits. Cost of an estimate: about four times a state of the model.
 */
export function qmhl<Theta>(options: QmhlOptions<Theta>): QuantumTask<Theta> {
  requireKnownOptions("qmhl", options, [...taskOptionNames, "sigma", "reference"]);
  const { model, sigma, reference } = options;
  const settings = lossSettings("qmhl", options);
  const matrix = requireState("qmhl", "sigma", sigma, 2 ** model.qubits);
  const compared =
    reference === undefined ? matrix : requireState("qmhl", "reference", reference, 2 ** model.qubits);
  const target = { loss: { matrix }, floor: entropy(matrix).item(), root: complexPair(sqrt(compared)) };
  return quantumTask("qmhl", options, settings, target);
}
