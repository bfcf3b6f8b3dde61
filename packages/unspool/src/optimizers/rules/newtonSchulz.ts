/**
 * Newton-Schulz iteration towards the nearest matrix with orthonormal rows or columns, as Muon has it (Jordan et al.,
 * 2024): a quintic in the singular values that rises steeply from 0 and then stays between about 0.7 and 1.2.
 *
 *     X ← X / (‖X‖ + eps);   steps times:  A = X Xᵀ,  X ← a X + (b A + c A²) X,   (a, b, c) = (3.4445, -4.7750, 2.0315)
 */
import { type Tensor, np } from "../../array/index.ts";
import { globalNorm } from "../leaves.ts";

/** Of X, X³ and X⁵: the slope at 0 is as steep as it can be while singular values stay near 1 (Jordan et al., 2024). */
const coefficients = [3.4445, -4.775, 2.0315] as const;

/** U Vᵀ of `matrix` = U S Vᵀ [n, m], with the ones of singular values only near 1; 0 for a matrix of zeros. */
export function newtonSchulz(matrix: Tensor, steps: number, eps: number): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  if (matrix.size === 0) return matrix;
  // The shorter side is the one of A.
  const isTall = rows > columns;
  const [a, b, c] = coefficients;
  let x: Tensor = isTall ? np.matrixTranspose(matrix) : matrix;
  x = x.div(globalNorm(x).add(eps));
  for (let step = 0; step < steps; step++) {
    const gram = np.matmul(x, np.matrixTranspose(x));
    const odd = gram.mul(b).add(np.matmul(gram, gram).mul(c));
    x = x.mul(a).add(np.matmul(odd, x));
  }
  return isTall ? np.matrixTranspose(x) : x;
}
