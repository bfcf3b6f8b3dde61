/**
 * Columns of a root of the curvature of each example's likelihood in its outputs: Λ = Σ_c r_c r_cᵀ. For the generalised
 * Gauss-Newton matrix Λ is the Fisher information of the outputs (diag(p) - p pᵀ of classes); for the empirical Fisher
 * information there is one column, the gradient at the observed target.
 */
import { type Tensor, grad, np } from "../array/index.ts";
import type { Likelihood } from "../optimizers/index.ts";

export type CurvatureKind = "ggn" | "ef";

/** [columns, n, outputs] at outputs [n, outputs]; differentiable in them. */
export function curvatureColumns(
  kind: CurvatureKind,
  likelihood: Likelihood,
  outputs: Tensor,
  targets: Tensor,
): Tensor {
  if (kind === "ef") {
    const slope = grad((z: Tensor) => likelihood.loss(z, targets).sum())(outputs) as Tensor;
    return slope.reshape([1, ...slope.shape]);
  }
  const classes = outputs.shape[1]!;
  const identity = np.eye(classes).astype(outputs.dtype);
  const column = (k: number): Tensor =>
    likelihood.fisherFactor(outputs, np.zerosLike(outputs).add(identity.slice(k)));
  return np.stack(Array.from({ length: classes }, (_, k) => column(k)));
}
