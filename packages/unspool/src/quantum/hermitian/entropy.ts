/** The entropy of a state (von Neumann 1927), in nats. */
import type { Tensor } from "../../array/index.ts";
import type { HermitianMatrix } from "./complexPair.ts";
import { traceFunction, traceOf } from "./matrixFunction.ts";
import { isKnown } from "./requireAdjoint.ts";
import { knownState } from "./requireHermitian.ts";
import { entropyTerm } from "./spectralFunction.ts";

/**
 * S(ρ) = -tr[ρ log ρ] of a density matrix [D, D]: 0 for a pure state, log D for the uniform one. Throws `OptionError` for a
 * known matrix that is not Hermitian, of trace 1 and without negative eigenvalues; of a traced one the latter count as 0.
 */
export function entropy(rho: HermitianMatrix): Tensor {
  if (!isKnown(rho)) return traceFunction(entropyTerm, rho).neg();
  const { values, copies } = knownState("hermitian.entropy", "rho", rho);
  return traceOf(entropyTerm, values, copies).neg();
}
