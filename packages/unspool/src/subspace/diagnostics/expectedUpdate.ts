/**
 * The mean of the method's update over everything that it draws, in closed form: two independent estimates of the weights
 * have means of their own, w̄_t = E[E_J] Φᵀψ_t / S, so that
 *
 *     E[(φ(x)ᵀ w⁽¹⁾ - ψ_t(x)) w⁽²⁾] = (φ(x)ᵀ w̄_t - ψ_t(x)) w̄_t,    averaged over x and t:  (Φ W̄ - Ψ) W̄ᵀ / (S T)
 */
import { type Tensor, linalg } from "../../array/index.ts";
import { product, sameRows, transposed } from "./doubles.ts";
import { type LissaBiasOptions, expectedInverse } from "./lissaBias.ts";

/** [S, d], float64: by row, for rows Φ [S, d] and columns of Ψ [S, T] that are equally likely. */
export function expectedUpdate(features: Tensor, matrix: Tensor, options: LissaBiasOptions = {}): Tensor {
  const [phi, psi] = sameRows("expectedUpdate", features, "the matrix", matrix);
  return updateBy(phi, psi, expectedInverse(phi, options));
}

/** The same with the exact inverse: half the gradient of the representation loss by the rows of Φ. */
export function exactUpdate(features: Tensor, matrix: Tensor): Tensor {
  const [phi, psi] = sameRows("exactUpdate", features, "the matrix", matrix);
  return updateBy(phi, psi, linalg.inv(product(transposed(phi), phi)).mul(phi.shape[0]!));
}

function updateBy(phi: Tensor, psi: Tensor, inverse: Tensor): Tensor {
  const [rows, columns] = psi.shape as [number, number];
  const weights = product(inverse, product(transposed(phi), psi).div(rows));
  return product(product(phi, weights).sub(psi), transposed(weights)).div(rows * columns);
}
