/** How well two states can be told apart by one measurement (Helstrom 1969). */
import type { Tensor } from "../../array/index.ts";
import { type HermitianMatrix, complexPair } from "./complexPair.ts";
import { traceFunction } from "./matrixFunction.ts";
import { requireAdjoint } from "./requireAdjoint.ts";
import { requireTrace } from "./requireHermitian.ts";
import { magnitude } from "./spectralFunction.ts";

/**
 * ½ tr |ρ - σ| of two density matrices [D, D], from 0 to 1. Throws `OptionError` for known matrices that are not Hermitian
 * or of another trace than 1.
 */
export function traceDistance(rho: HermitianMatrix, sigma: HermitianMatrix): Tensor {
  for (const [name, state] of Object.entries({ rho, sigma })) {
    requireAdjoint("hermitian.traceDistance", name, state);
    requireTrace("hermitian.traceDistance", name, state);
  }
  const [a, b] = [complexPair(rho), complexPair(sigma)];
  return traceFunction(magnitude, { re: a.re.sub(b.re), im: a.im.sub(b.im) }).mul(0.5);
}
