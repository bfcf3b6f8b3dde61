/** The loss of features on a whole matrix, min_W |Φ W - Ψ|². */
import { type Tensor, linalg } from "../../array/index.ts";
import { product, sameRows } from "./doubles.ts";

/** Singular values of Φ below this share of the largest count as 0. */
const cutoff = 1e-5;

/** W* = Φ⁺ Ψ, [d, T]: the weights that the columns of Ψ [S, T] have on features Φ [S, d]. float64. */
export function bestWeights(features: Tensor, matrix: Tensor): Tensor {
  const [phi, psi] = sameRows("bestWeights", features, "the matrix", matrix);
  return linalg.lstsq(phi, psi, { rcond: cutoff });
}

/** min_W |Φ W - Ψ|²_F by least squares (relative cutoff 1e-5). Divide by S T for the representation loss. */
export function outerLoss(features: Tensor, matrix: Tensor): number {
  const [phi, psi] = sameRows("outerLoss", features, "the matrix", matrix);
  const rest = product(phi, linalg.lstsq(phi, psi, { rcond: cutoff })).sub(psi);
  return rest.mul(rest).sum().item();
}
