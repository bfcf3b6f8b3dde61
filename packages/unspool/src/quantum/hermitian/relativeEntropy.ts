/** The divergence that states are fitted by (Umegaki 1962), in nats. */
import type { Tensor } from "../../array/index.ts";
import { type HermitianMatrix, traceProduct } from "./complexPair.ts";
import { entropy } from "./entropy.ts";
import { matrixFunction } from "./matrixFunction.ts";
import { logarithm } from "./spectralFunction.ts";

/**
 * D(ρ‖σ) = tr[ρ (log ρ - log σ)] of two density matrices [D, D]; at least 0, and 0 for equal ones only. Eigenvalues of σ
 * below 1e-300 count as that: where ρ has weight on them the divergence is infinite, and hundreds here. Of a model's state
 * the loss of its task has more digits.
 */
export function relativeEntropy(rho: HermitianMatrix, sigma: HermitianMatrix): Tensor {
  return entropy(rho)
    .neg()
    .sub(traceProduct(rho, matrixFunction(logarithm, sigma)));
}
