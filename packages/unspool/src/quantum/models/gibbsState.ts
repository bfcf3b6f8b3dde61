/**
 * The thermal state of a Hermitian K, exp(-K) / Z, with log Z and derivatives of both. With p the state's eigenvalues and
 * c(p, q) = (p - q) / (log p - log q), c(p, p) = p:
 *
 *     d log Z = -tr[ρ dK],     dρ = -V ( c ∘ (V† dK V) ) V† + ρ tr[ρ dK].
 */
import { type Tensor, customVjp, np } from "../../array/index.ts";
import { symmetricEigen } from "../hermitian/hermitianEigen.ts";
import { matrixProduct } from "../hermitian/matrixProduct.ts";
import { exponential } from "../hermitian/index.ts";
import { inEigenbasis, ofPairs, rotated } from "../hermitian/matrixFunction.ts";

export interface GibbsEigen {
  /** log p [n], of each copy. */
  logP: Tensor;
  /** As columns [n, n]. */
  vectors: Tensor;
  logZ: Tensor;
}

/** Eigenvalues and eigenvectors of the state, for K as a symmetric matrix [n, n] that has each eigenvalue `copies` times. */
export function gibbsEigen(k: Tensor, copies: 1 | 2): GibbsEigen {
  const [values, vectors] = symmetricEigen(k);
  // Rising, so that the first is the lowest.
  const least = values.slice(0);
  const logZ = (np.log(np.exp(least.sub(values)).sum().div(copies)) as Tensor).sub(least);
  return { logP: values.neg().sub(logZ), vectors, logZ };
}

/** c(p_a, p_b) [n, n]: no cancellation at near values, no overflow at distant ones. */
export const logarithmicMeans = (logP: Tensor): Tensor => ofPairs(logP, exponential.slope);

/** The state in the same form as K, and log Z. */
export function gibbsState(k: Tensor, copies: 1 | 2): { state: Tensor; logZ: Tensor } {
  const forward = (x: Tensor) => {
    const { logP, vectors, logZ } = gibbsEigen(x, copies);
    const state = matrixProduct(vectors.mul(np.exp(logP)), np.transpose(vectors) as Tensor);
    return [
      { state, logZ },
      { logP, vectors, state },
    ] as const;
  };
  if (!k.isTraced) return forward(k)[0];
  return customVjp(
    forward,
    ({ logP, vectors, state }, cotangent) => {
      const inside = logarithmicMeans(logP).mul(inEigenbasis(vectors, cotangent.state));
      const along = state.mul(cotangent.state).sum().sub(cotangent.logZ).div(copies);
      return [state.mul(along).sub(rotated(vectors, inside))];
    },
    { name: "gibbsState" },
  )(k);
}
