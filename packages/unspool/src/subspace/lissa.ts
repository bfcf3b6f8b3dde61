/**
 * An estimate of the inverse of a covariance C = E[φ φᵀ] from samples of φ, without a matrix being inverted: a truncated
 * Neumann series with a fresh sample in each factor (LISSA; Agarwal, Bullins, Hazan 2017),
 *
 *     E_0 = κ' I,    E_j = κ' I + (I - κ' φ_j φ_jᵀ) E_{j-1},    κ' = κ / max |φ|²,  0 < κ < 2
 *     E[E_J] = κ' Σ_{j=0}^{J} (I - κ' C)^j = C⁻¹ (I - (I - κ' C)^{J+1})
 *
 * J samples give J + 1 terms. Every factor is a non-expansion, so that the variance stays bounded while the bias shrinks
 * geometrically. Only E_J b is needed: the recursion runs on the vector, at J d in place of J d² products.
 */
import { type Tensor, np, scan } from "../array/index.ts";

/**
 * E_J b for several estimates at once: features [J, n, d] of the n estimates, b [n, d], κ' [n] or a scalar. With n = 2 and
 * samples of their own, the two results are independent.
 */
export function lissaVectors(features: Tensor, b: Tensor, scale: Tensor): Tensor {
  const factor = scale.ndim === 0 ? scale : scale.reshape([-1, 1]);
  const start = b.mul(factor);
  const step = (v: Tensor, phi: Tensor): [Tensor, undefined] => {
    const along = phi.mul(v).sum(-1, { keepdims: true });
    return [start.add(v).sub(phi.mul(along.mul(factor))), undefined];
  };
  return scan(step, start, features)[0];
}

/** The matrix E_J itself, [d, d], of features [J, d]: what `lissaVectors` multiplies by. */
export function lissaInverse(features: Tensor, scale: Tensor | number): Tensor {
  const d = features.shape[1]!;
  const start = np.eye(d, d, { dtype: features.dtype }).mul(scale);
  const step = (estimate: Tensor, phi: Tensor): [Tensor, undefined] => {
    const row = phi.reshape([1, d]);
    const product = np.matmul(phi.reshape([d, 1]).mul(scale), np.matmul(row, estimate)) as Tensor;
    return [start.add(estimate).sub(product), undefined];
  };
  return scan(step, start, features)[0];
}

/** E[E_J] = κ' Σ_{j=0}^{J} (I - κ' C)^j, [d, d], for a covariance C. */
export function lissaMean(covariance: Tensor, scale: Tensor | number, samples: number): Tensor {
  const d = covariance.shape[0]!;
  const identity = np.eye(d, d, { dtype: covariance.dtype });
  const factor = identity.sub(covariance.mul(scale));
  let sum = identity;
  for (let j = 0; j < samples; j++) sum = (np.matmul(factor, sum) as Tensor).add(identity);
  return sum.mul(scale);
}

/** Squares of the lengths of features [..., d]: [...]. */
export const squaredLengths = (features: Tensor): Tensor => features.mul(features).sum(-1);
