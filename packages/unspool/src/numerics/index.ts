/** Linear algebra on plain numbers, below the tensors. */
export { eigenvalues } from "./eigenvalues.ts";
export type { Eigenvalues } from "./eigenvalues.ts";
export type { SquareMatrix } from "./squareMatrix.ts";
