/** The exponential of a symmetric matrix, by its eigensystem. */
import { symmetricEigensystem } from "../numerics/index.ts";

/** exp(A) for a symmetric A, [d · d]. Cost: about 10 d³ operations. */
export function matrixExponential(a: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigensystem({ size, entries: a });
  const out = new Float64Array(size * size);
  values.forEach((value, i) => {
    const grown = Math.exp(value);
    for (let j = 0; j < size; j++) {
      const scaled = grown * vectors[i * size + j]!;
      for (let k = 0; k < size; k++) out[j * size + k]! += scaled * vectors[i * size + k]!;
    }
  });
  return out;
}

/** A B, [d · d]. */
export function timesMatrix(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const scaled = a[i * size + k]!;
      for (let j = 0; j < size; j++) out[i * size + j]! += scaled * b[k * size + j]!;
    }
  }
  return out;
}
