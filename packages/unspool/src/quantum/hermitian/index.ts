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

/** exp(A) of a Hermitian matrix [D, D]. */
export const exp = (a: HermitianMatrix): ComplexPair => matrixFunction(exponential, a);
/** log(A) of a positive Hermitian matrix [D, D]. */
export const log = (a: HermitianMatrix): ComplexPair => matrixFunction(logarithm, a);
/** √A of a Hermitian matrix [D, D] without negative eigenvalues; those that rounding makes of 0 count as 0. */
export const sqrt = (a: HermitianMatrix): ComplexPair => matrixFunction(squareRoot, a);
