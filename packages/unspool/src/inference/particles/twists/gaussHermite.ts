/**
 * Nodes and weights of Gauss-Hermite quadrature,  ∫ f(x) exp(-x²) dx ≈ sum_i w_i f(x_i):  eigenvalues of the Jacobi matrix with
 * √(i / 2) beside its diagonal, and √π times the squared first elements of its eigenvectors (Golub and Welsch 1969).
 */
import { requireInteger } from "../../../errors.ts";
import { symmetricEigensystem } from "../../../numerics/index.ts";

/** Ascending nodes and their weights, as plain numbers. */
export function gaussHermite(degree: number): { nodes: number[]; weights: number[] } {
  requireInteger("gaussHermite", "degree", degree, 1);
  const entries = new Float64Array(degree * degree);
  for (let i = 1; i < degree; i++) {
    const beside = Math.sqrt(i / 2);
    entries[i * degree + i - 1] = beside;
    entries[(i - 1) * degree + i] = beside;
  }
  const { values, vectors } = symmetricEigensystem({ size: degree, entries });
  return {
    nodes: [...values],
    weights: Array.from({ length: degree }, (_, i) => Math.sqrt(Math.PI) * vectors[i * degree]! ** 2),
  };
}
