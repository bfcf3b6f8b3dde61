/** The divergence that states are fitted by (Umegaki 1962), in nats. */
import { type Tensor, np } from "../../array/index.ts";
import { type HermitianMatrix, traceProduct } from "./complexPair.ts";
import { formOf, inEigenbasis, matrixFunction, traceOf } from "./matrixFunction.ts";
import { entropy } from "./entropy.ts";
import { isKnown } from "./requireAdjoint.ts";
import { knownState } from "./requireHermitian.ts";
import { roundingOf, zeroWithin } from "./requireDomain.ts";
import { entropyTerm, logarithm } from "./spectralFunction.ts";

/**
 * D(ρ‖σ) = tr[ρ (log ρ - log σ)] of two density matrices [D, D]; at least 0, 0 for equal ones only, and Infinity where ρ has
 * weight on what σ has none on. Eigenvalues of σ that rounding cannot tell from 0 count as that: up to D ε, and of a diagonal
 * matrix 0 itself. Throws `OptionError` for known matrices that are no states. Inside of a trace eigenvalues below 1e-300
 * count as that, so that there hundreds stand for Infinity. Of a model's state the loss of its task has more digits.
 */
export function relativeEntropy(rho: HermitianMatrix, sigma: HermitianMatrix): Tensor {
  if (!isKnown(rho, sigma)) {
    return entropy(rho)
      .neg()
      .sub(traceProduct(rho, matrixFunction(logarithm, sigma)));
  }
  const own = knownState("hermitian.relativeEntropy", "rho", rho);
  const negentropy = traceOf(entropyTerm, own.values, own.copies);
  const { values, vectors, copies } = knownState("hermitian.relativeEntropy", "sigma", sigma);
  const zero = zeroWithin(sigma, values);
  const { length } = values.data.filter((value) => value <= zero);
  if (length === 0) return negentropy.sub(traceProduct(rho, matrixFunction(logarithm, sigma)));
  const inside = np.diagonal(inEigenbasis(vectors, formOf(rho, copies))) as Tensor;
  const outside = inside.slice([0, length]).sum().div(copies).item();
  if (outside > 4 * Math.max(roundingOf(rho), roundingOf(sigma)))
    return np.array(Infinity, { dtype: "float64" });
  const [weights, levels] = [inside.slice([length]), values.slice([length])];
  return negentropy.sub(weights.mul(np.log(levels)).sum().div(copies));
}
