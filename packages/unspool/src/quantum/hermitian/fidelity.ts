/** How near two states are, as the largest overlap of what they could be parts of (Uhlmann 1976). */
import type { Tensor } from "../../array/index.ts";
import { type HermitianMatrix, multiply } from "./complexPair.ts";
import { matrixFunction, traceFunction } from "./matrixFunction.ts";
import { isKnown } from "./requireAdjoint.ts";
import { knownState } from "./requireHermitian.ts";
import { squareRoot } from "./spectralFunction.ts";

/**
 * F = (tr √(√ρ σ √ρ))² of two density matrices [D, D]: 1 for equal ones, 0 for states that share nothing. Throws
 * `OptionError` for known matrices that are no states; of traced ones negative eigenvalues count as 0.
 */
export function fidelity(rho: HermitianMatrix, sigma: HermitianMatrix): Tensor {
  if (isKnown(rho)) knownState("hermitian.fidelity", "rho", rho);
  if (isKnown(sigma)) knownState("hermitian.fidelity", "sigma", sigma);
  const rootOfSigma = matrixFunction(squareRoot, sigma);
  const root = traceFunction(squareRoot, multiply(multiply(rootOfSigma, rho), rootOfSigma));
  return root.mul(root);
}
