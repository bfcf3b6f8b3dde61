/** The thermal state of a Hamiltonian, exactly: what VQT approaches, and what it is measured against. */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requirePositive } from "../../errors.ts";
import { type ComplexPair, type HermitianMatrix, eigh, fromEigenbasis } from "../hermitian/index.ts";
import { requirePair } from "../hermitian/requireAdjoint.ts";
import { requireHermitian } from "../hermitian/requireHermitian.ts";

export interface ThermalState {
  /** exp(-βH) / Z [D, D]. */
  state: ComplexPair;
  /** √ of the state [D, D]. */
  root: ComplexPair;
  /** log tr exp(-βH). */
  logZ: number;
  /** tr[ρ H]. */
  energy: number;
  /** S(ρ), in nats. */
  entropy: number;
}

/** The number of qubits that a matrix [2ⁿ, 2ⁿ] is of. Throws `OptionError` for other sizes. */
export function qubitsOf(where: string, name: string, given: HermitianMatrix): number {
  requirePair(where, name, given);
  const rows = given.re.shape[0];
  const qubits = Math.log2(rows!);
  if (Number.isInteger(qubits) && qubits >= 1) return qubits;
  throw new OptionError(where, `the number of rows of ${name}`, rows, "2^n for n qubits");
}

/** exp(-βH) / Z by the eigensystem of H, with its energy and entropy. */
export function thermalState(hamiltonian: HermitianMatrix, beta: number): ThermalState {
  requirePositive("thermalState", "beta", beta);
  const qubits = qubitsOf("thermalState", "hamiltonian", hamiltonian);
  const h = requireHermitian("thermalState", "hamiltonian", hamiltonian, 2 ** qubits);
  const { values, vectors } = eigh(h);
  const energies = [...values.data];
  const boltzmann = energies.map((e) => Math.exp(-beta * (e - energies[0]!)));
  const z = boltzmann.reduce((sum, w) => sum + w, 0);
  const logZ = Math.log(z) - beta * energies[0]!;
  const p = boltzmann.map((w) => w / z);
  const energy = p.reduce((sum, w, i) => sum + w * energies[i]!, 0);
  const of = (weights: readonly number[]): Tensor => np.array([...weights], { dtype: "float64" });
  return {
    state: fromEigenbasis(vectors, of(p)),
    root: fromEigenbasis(vectors, of(p.map(Math.sqrt))),
    ...{ logZ, energy },
    entropy: beta * energy + logZ,
  };
}
