/** Square roots of symmetric positive definite matrices, which do not depend on the signs of eigenvectors. */
import { symmetricEigensystem } from "../numerics/index.ts";

export interface SymmetricRoot {
  /** C^{1/2}, [d · d]. */
  root: Float64Array;
  /** C^{-1/2}, [d · d]. */
  inverse: Float64Array;
  /** Square roots of the smallest and of the largest eigenvalue. */
  least: number;
  most: number;
}

/** Eigenvalues below this part of the largest one are raised to it: the condition of C stays where float64 knows it. */
const leastShare = 1e-14;

/** The roots of C, [d · d], and C itself with its eigenvalues held up. Cost: about 10 d³ operations. */
export function symmetricRoot(c: Float64Array, size: number): SymmetricRoot {
  const { values, vectors } = symmetricEigensystem({ size, entries: c });
  const floor = Math.max(values[size - 1]! * leastShare, Number.MIN_VALUE);
  const roots = values.map((value) => Math.sqrt(Math.max(value, floor)));
  return {
    root: composed(vectors, roots, size),
    inverse: composed(
      vectors,
      roots.map((x) => 1 / x),
      size,
    ),
    least: roots[0]!,
    most: roots[size - 1]!,
  };
}

/** Sum over i of d_i v_i v_iᵀ for rows v_i; no view is made of a row, of which there would be size² in each call. */
function composed(vectors: Float64Array, d: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j < size; j++) {
      const scaled = d[i]! * vectors[row + j]!;
      const own = j * size;
      for (let k = 0; k <= j; k++) out[own + k]! += scaled * vectors[row + k]!;
    }
  }
  for (let j = 0; j < size; j++) for (let k = 0; k < j; k++) out[k * size + j] = out[j * size + k]!;
  return out;
}

/** A x for A, [d · d], and the vector at `from` of x. */
export function timesVector(a: Float64Array, x: Float64Array, from = 0): Float64Array {
  const size = Math.sqrt(a.length);
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let total = 0;
    for (let j = 0; j < size; j++) total += a[i * size + j]! * x[from + j]!;
    out[i] = total;
  }
  return out;
}
