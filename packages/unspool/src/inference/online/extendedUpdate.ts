/**
 * The update of an extended Kalman filter: the emission linearised at the predicted mean, with a diagonal noise R,
 *
 *     K = P Hᵀ (H P Hᵀ + R)⁻¹,   m + K (y - g(m)),   (I - K H) P (I - K H)ᵀ + K R Kᵀ
 *
 * in Joseph's form, which stays symmetric and positive.
 */
import { type Tensor, jacobian, linalg, np } from "../../array/index.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";

export interface GaussianState {
  /** [dx]. */
  mean: Tensor;
  /** [dx, dx]. */
  covariance: Tensor;
}

/** The state after y [dy] at step t; as it was where nothing was observed. */
export function extendedUpdate<Theta>(
  given: { model: StateSpaceModel<Theta>; theta: Theta; t: Tensor; y: Tensor; observed: Tensor },
  { mean, covariance }: GaussianState,
): GaussianState {
  const { model, theta, t, y, observed } = given;
  const emission = (x: Tensor): Tensor => model.emission(theta, x, t).mean();
  const H = jacobian(emission)(mean);
  const R = diagonal(model.emission(theta, mean, t).variance());
  const S = (np.matmul(np.matmul(H, covariance) as Tensor, H.transpose()) as Tensor).add(R);
  // K S = P Hᵀ with S symmetric: S Kᵀ = H P.
  const K = linalg.solve(S, np.matmul(H, covariance) as Tensor).transpose();
  const gap = np.where(observed, y, np.zerosLike(y)).sub(emission(mean));
  const left = np.eye(mean.shape[0]!, { dtype: "float64" }).sub(np.matmul(K, H) as Tensor);
  const sandwich = (a: Tensor, b: Tensor): Tensor =>
    np.matmul(np.matmul(a, b) as Tensor, a.transpose()) as Tensor;
  const next = sandwich(left, covariance).add(sandwich(K, R));
  return {
    mean: np.where(observed, mean.add(np.matvec(K, gap)), mean),
    covariance: np.where(observed, next, covariance),
  };
}

export const diagonal = (variance: Tensor): Tensor =>
  np.eye(variance.shape[0]!, { dtype: "float64" }).mul(variance);
