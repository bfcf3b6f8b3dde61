/** What a circuit is to a spectral model: a unitary with parameters, and the directions in which they turn it. */
import type { Tensor } from "../../array/index.ts";
import type { ComplexPair } from "../hermitian/index.ts";

/**
 * Directions of a unitary U by its parameters x_k, G_k = U† ∂U/∂x_k, which are anti-Hermitian: [parameters, D, D] for those
 * of the circuit, and for those of the energies where they turn it too.
 */
export interface Generators {
  unitary: ComplexPair;
  circuit: ComplexPair;
  energy?: ComplexPair;
}

export interface QuantumCircuit {
  readonly name: string;
  /** Parameters of its own. */
  readonly parameters: number;
  /** The energies' parameters turn gates too. */
  readonly isTied: boolean;
  /** f(a + ½) - f(a - ½), times π/2, is the derivative of any expectation by each parameter. */
  readonly hasShiftRule: boolean;
  /** U [D, D] for parameters [parameters] and those of the energies. */
  unitary(circuit: Tensor, energy: Tensor): ComplexPair;
  generators(circuit: Tensor, energy: Tensor): Generators;
}
