/** Probability distributions as plain objects: draws, log-densities, entropies and divergences. */
export { diagonalNormal } from "./diagonalNormal.ts";
export type { DiagonalNormalDistribution } from "./diagonalNormal.ts";
export type { Distribution, Parameter } from "./distribution.ts";
export { independent } from "./independent.ts";
export type { IndependentDistribution } from "./independent.ts";
export { multivariateNormal } from "./multivariateNormal.ts";
export type { MultivariateNormalDistribution, MultivariateNormalParameters } from "./multivariateNormal.ts";
export { normal } from "./normal.ts";
export type { NormalDistribution, NormalParameters } from "./normal.ts";
export { digamma } from "./digamma.ts";
export { logGamma } from "./logGamma.ts";
export { studentT } from "./studentT.ts";
export type { StudentTDistribution, StudentTParameters } from "./studentT.ts";
/** @internal Parameters of what is made of distributions: the same checks and dtypes. */
export { floatParameters, requireNames } from "./parameters.ts";
