/** Hermitian matrices as pairs of real arrays: functions of them, and measures of density matrices. */
import type { HermitianMatrix, ComplexPair } from "./complexPair.ts";
import { matrixFunction } from "./matrixFunction.ts";
import { exponential, logarithm, squareRoot } from "./spectralFunction.ts";

export { adjoint, complexPair, expectations, fromEigenbasis, multiply, traceProduct } from "./complexPair.ts";
export type { ComplexPair, HermitianMatrix } from "./complexPair.ts";
export { embed, unembed } from "./embedding.ts";
export { eigh } from "./hermitianEigen.ts";
export { matrixDerivative, matrixFunction, traceFunction } from "./matrixFunction.ts";
export { entropyTerm, exponential, logarithm, magnitude, squareRoot } from "./spectralFunction.ts";
export type { SpectralFunction } from "./spectralFunction.ts";
export { fidelity } from "./fidelity.ts";
export { traceDistance } from "./traceDistance.ts";
export { entropy } from "./entropy.ts";
export { relativeEntropy } from "./relativeEntropy.ts";
export { bkmGram } from "./bkmGram.ts";

/** exp(A) of a Hermitian matrix [D, D]. Throws `OptionError` for a known one that is not Hermitian or not finite. */
export function exp(a: HermitianMatrix): ComplexPair {
  return matrixFunction(exponential, a);
}

/**
 * log(A) of a positive Hermitian matrix [D, D]. Throws `OptionError` for a known one that is not Hermitian, or has an eigenvalue
 * that is 0, negative, or not to be told from 0; traced ones below 1e-300 count as that.
 */
export function log(a: HermitianMatrix): ComplexPair {
  return matrixFunction(logarithm, a);
}

/**
 * √A of a Hermitian matrix [D, D] without negative eigenvalues; those that rounding makes of 0, to 1e-8, count as 0. Throws
 * `OptionError` for a known one with others, or that is not Hermitian; all negative ones of a traced one count as 0.
 */
export function sqrt(a: HermitianMatrix): ComplexPair {
  return matrixFunction(squareRoot, a);
}
