/** Linear algebra and statistics on plain numbers, below the tensors. */
export { quotient, times } from "./complexMatrix.ts";
export type { Complex, ComplexMatrix } from "./complexMatrix.ts";
export { eigensystem } from "./eigensystem.ts";
export type { Eigensystem } from "./eigensystem.ts";
export { eigenvalues } from "./eigenvalues.ts";
export type { Eigenvalues } from "./eigenvalues.ts";
export { lineFit } from "./lineFit.ts";
export { median } from "./median.ts";
export { moments } from "./moments.ts";
export type { Moments, VarianceSpread } from "./moments.ts";
export { pca } from "./pca.ts";
export type { PrincipalComponents } from "./pca.ts";
export { sampleStatistics } from "./sampleStatistics.ts";
export type { SampleStatistics } from "./sampleStatistics.ts";
export { singularValues } from "./singularValues.ts";
export { solveLinear } from "./solveLinear.ts";
export type { SquareMatrix } from "./squareMatrix.ts";
export { vectorNorm } from "./vectorNorm.ts";
