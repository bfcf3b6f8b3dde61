/**
 * Variational quantum thermalisation: a model is brought near the thermal state exp(-βH) / Z of a Hamiltonian (Verdon,
 * Marks, Nanda, Leichenauer and Hidary 2019),
 *
 *     L = β tr[ρ H] - S(ρ),      L + log Z_β = D(ρ‖σ_β).
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type HermitianMatrix, eigh } from "../hermitian/index.ts";
import { requireHermitian } from "../hermitian/requireHermitian.ts";
import { thermalState } from "../systems/thermalState.ts";
import {
  type QuantumTask,
  type QuantumTaskOptions,
  lossSettings,
  quantumTask,
  taskOptionNames,
} from "./quantumTask.ts";

export interface VqtOptions<Theta> extends QuantumTaskOptions<Theta> {
  /** H [D, D], Hermitian to 1e-8. */
  hamiltonian: HermitianMatrix;
  /** Inverse temperature β, above 0. Default 1. */
  beta?: number;
}

/**
 * The task of preparing a thermal state. Throws `OptionError` for a Hamiltonian that is not Hermitian and for β ≤ 0, and
 * `ShapeError` for one of another number of qubits. Cost of an estimate: about four times a state of the model.
 *
 * @example
 * const task = vqt({ model: qhbm({ qubits: 4, layers: 3 }), hamiltonian: tfim({ qubits: 4 }), beta: 1 });
 * const method = quantumDescent(task, qngd());
 */
export function vqt<Theta>(options: VqtOptions<Theta>): QuantumTask<Theta> {
  requireKnownOptions("vqt", options, [...taskOptionNames, "hamiltonian", "beta"]);
  const { model, hamiltonian, beta = 1 } = options;
  const settings = lossSettings("vqt", options);
  if (!Number.isFinite(beta) || beta <= 0)
    throw new OptionError("vqt", "beta", beta, "a finite number above 0", "It is 1 over the temperature, and the state at 0 is the uniform one."); // prettier-ignore
  const h = requireHermitian("vqt", "hamiltonian", hamiltonian, 2 ** model.qubits);
  const { logZ, root } = thermalState(h, beta);
  const matrix = { re: h.re.mul(beta), ...(h.im && { im: h.im.mul(beta) }) };
  // Energy is measured in its eigenvectors.
  const spectrum = settings.mode === "sampled" ? eigh(matrix) : undefined;
  const loss = { matrix, ...(spectrum && { levels: spectrum.values, vectors: spectrum.vectors }) };
  return quantumTask("vqt", options, settings, { loss, root, floor: -logZ });
}
