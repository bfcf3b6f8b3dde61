/** Models of a density matrix: states exp(-K) / Z with parameters, made of a modular Hamiltonian K. */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { sizeText } from "../../sizes.ts";
import type { ComplexPair, HermitianMatrix } from "../hermitian/index.ts";
import type { EnergyModel } from "./energyModel.ts";
import type { QuantumCircuit } from "./quantumCircuit.ts";

/**
 * A state ρ_θ = exp(-K_θ) / Z_θ = U diag(p) U† of n qubits, D = 2ⁿ. All functions take tensors, traced or not, in float64.
 * `freeEnergy` and `crossEntropy` are what losses and divergences are made of, and can be differentiated; eigenvectors of a
 * model that computes them (`qbm`) cannot.
 */
export interface QuantumModel<Theta = unknown> {
  readonly name: string;
  readonly qubits: number;
  /** What tells it apart from others of its name: goes into the recipe of a run. */
  readonly recipe: Readonly<Record<string, string | number>>;
  /** Parameters at N(0, 0.1²). */
  init(key: Key): Theta;
  /** p [D], eigenvalues of the state: of a `qhbm` those of the bitstrings in order. */
  probabilities(theta: Theta): Tensor;
  /** log Z = log tr exp(-K). */
  logZ(theta: Theta): Tensor;
  /** U, eigenvectors of the state as columns [D, D]; of a `qbm` outside of traces only. */
  unitary(theta: Theta): ComplexPair;
  /** ρ [D, D]. */
  state(theta: Theta): ComplexPair;
  /** K [D, D]. */
  modular(theta: Theta): ComplexPair;
  /** tr[ρ H] - S(ρ) of a Hamiltonian [D, D]: D(ρ‖exp(-H)/Z) - log Z. */
  freeEnergy(theta: Theta, hamiltonian: HermitianMatrix): Tensor;
  /** tr[σ K] + log Z = -tr[σ log ρ] of a state σ [D, D]: D(σ‖ρ) + S(σ). */
  crossEntropy(theta: Theta, sigma: HermitianMatrix): Tensor;
  /**
   * The Bogoliubov-Kubo-Mori information matrix [P, P] over `flatten(theta)`, the Hessian of D(ρ_{x'}‖ρ_x) at x' = x. Of a
   * `qhbm` also for frequencies [D] of bitstrings in the place of their probabilities, which may make it indefinite.
   */
  metric(theta: Theta, frequencies?: Tensor): Tensor;
  /** Lengths of the diagonal blocks of the metric, all that is not 0 of it; one block where it is full. */
  blocks(theta: Theta): readonly number[];
  /** Parameters as one vector [P]. */
  flatten(theta: Theta): Tensor;
  /** The tree again. */
  unflatten(vector: Tensor, like: Theta): Theta;
  /** Of models whose bitstrings can be drawn: what sampled estimates are made of. */
  readonly spectral?: SpectralParts;
}

/** Theta of a spectral model: parameters of its energies, and of its circuit [P]. */
export interface QhbmTheta<Params = Tensor> {
  energy: Params;
  circuit: Tensor;
}

export interface SpectralParts {
  energies: EnergyModel<unknown>;
  circuit: QuantumCircuit;
  /** [D, n]. */
  spins: Tensor;
}

/** Qubits of exact arithmetic. */
export const mostQubits = 8;

/**
 * Throws `OptionError` for a number of qubits that is none, or above 8, with the memory that `perElement` numbers for each of
 * the D² elements would take.
 */
export function requireQubits(where: string, qubits: unknown, perElement: (qubits: number) => number): void {
  requireInteger(where, "qubits", qubits, 1);
  if (qubits <= mostQubits) return;
  const bytes = 8 * perElement(qubits) * 4 ** qubits;
  const allowed = `at most ${mostQubits}: matrices are [2^n, 2^n], and a step on them would take at least ${sizeText(bytes)}`;
  throw new OptionError(where, "qubits", qubits, allowed, "Describe a smaller part of the system.");
}

/** All leaves of a tree of floats, one after the other, in float64. */
export function flattened(theta: unknown): Tensor {
  const parts = tree.leaves(theta).map((leaf) => leaf.reshape([leaf.size]).astype("float64"));
  return parts.length === 1 ? parts[0]! : (np.concatenate(parts, 0) as Tensor);
}

/** The tree of `like` with the elements of a vector. */
export function unflattened<Theta>(vector: Tensor, like: Theta): Theta {
  let offset = 0;
  return tree.map((leaf) => {
    const own = vector.slice([offset, offset + leaf.size]).reshape([...leaf.shape]);
    offset += leaf.size;
    return own.astype(leaf.dtype);
  }, like);
}
