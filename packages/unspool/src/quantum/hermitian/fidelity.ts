/** How near two states are, as the largest overlap of what they could be parts of (Uhlmann 1976). */
import type { Tensor } from "../../array/index.ts";
import { type HermitianMatrix, multiply } from "./complexPair.ts";
import { matrixFunction, traceFunction } from "./matrixFunction.ts";
import { squareRoot } from "./spectralFunction.ts";

/** F = (tr √(√ρ σ √ρ))² of two density matrices [D, D]: 1 for equal ones, 0 for states that share nothing. */
export function fidelity(rho: HermitianMatrix, sigma: HermitianMatrix): Tensor {
  return fidelityToRoot(rho, matrixFunction(squareRoot, sigma));
}

/** The same, where √σ is known. */
export function fidelityToRoot(rho: HermitianMatrix, rootOfSigma: HermitianMatrix): Tensor {
  const root = traceFunction(squareRoot, multiply(multiply(rootOfSigma, rho), rootOfSigma));
  return root.mul(root);
}
