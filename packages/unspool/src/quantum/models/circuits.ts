/** Circuits by name. */
import type { Tensor } from "../../array/index.ts";
import { type Registry, type RegistryEntry, registry } from "../../registry.ts";
import type { HermitianMatrix } from "../hermitian/index.ts";
import { qaia } from "./qaia.ts";
import { qhea } from "./qhea.ts";
import type { QuantumCircuit } from "./quantumCircuit.ts";

export type CircuitName = "qhea" | "qaia";

export interface CircuitOptions {
  qubits: number;
  layers: number;
  /** Hamiltonians [D, D] that a circuit turns by. */
  terms?: readonly HermitianMatrix[] | undefined;
  /** [D, parameters] of energies that are linear in their parameters. */
  features?: Tensor | undefined;
}

export interface CircuitEntry extends RegistryEntry {
  readonly name: CircuitName;
  /** It is made of Hamiltonians that are given. */
  readonly needsTerms: boolean;
  create(options: CircuitOptions): QuantumCircuit;
}

/** What a spectral model's circuit may be. */
// prettier-ignore
export const circuits: Registry<CircuitEntry> = registry("qhbm", [
  { name: "qhea", summary: "turns of each qubit and of neighbours, 3n - 1 parameters a layer",
    needsTerms: false, create: ({ qubits, layers }) => qhea(qubits, layers) },
  { name: "qaia", summary: "alternates between the energies and given Hamiltonians; its gates share the energies' parameters",
    needsTerms: true, create: ({ qubits, layers, terms, features }) => qaia(qubits, layers, terms, features) },
] satisfies CircuitEntry[]);
