/** The entropy of a state (von Neumann 1927), in nats. */
import type { Tensor } from "../../array/index.ts";
import type { HermitianMatrix } from "./complexPair.ts";
import { traceFunction } from "./matrixFunction.ts";
import { entropyTerm } from "./spectralFunction.ts";

/** S(ρ) = -tr[ρ log ρ] of a density matrix [D, D]: 0 for a pure state, log D for the uniform one. */
export function entropy(rho: HermitianMatrix): Tensor {
  return traceFunction(entropyTerm, rho).neg();
}
