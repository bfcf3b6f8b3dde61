/**
 * Where a filtered state came from: of a linear-Gaussian model,
 *
 *     x_{t-1} | x_t, y_0 … y_{t-1}  ~  N(W x_t + b, C),
 *     W = P Fᵀ (P⁻)⁻¹,   b = m - W m⁻,   C = (I - W F) P (I - W F)ᵀ + W Q Wᵀ
 *
 * with the filter's m, P of step t - 1 and its prediction m⁻, P⁻ of step t. Composed from the last step back they are the
 * smoother, and draws of them are trajectories given all observations.
 */
import { Tensor, linalg, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { KalmanFiltered } from "./kalmanFilter.ts";
import {
  type GivenMatrices,
  linearGaussianMatrices,
  solveFactored,
  symmetric,
} from "./linearGaussianMatrices.ts";

/** Row t - 1 is the kernel from step t to t - 1. */
export interface BackwardKernels {
  /** W, [T - 1, dx, dx]. */
  weights: Tensor;
  /** b, [T - 1, dx]. */
  offsets: Tensor;
  /** C, [T - 1, dx, dx]. */
  covariances: Tensor;
}

/**
 * The kernels of what `kalmanFilter` gave for the same matrices. They do not depend on the last observation. Throws
 * `OptionError` for anything else: the observations, say.
 *
 * @example
 * const { weights, offsets } = backwardKernels(matrices, kalmanFilter(matrices, { y }));
 */
export function backwardKernels(model: GivenMatrices, filtered: KalmanFiltered): BackwardKernels {
  const parts = ["means", "covariances", "predictedMeans", "predictedCovariances"] as const;
  if (parts.some((name) => !Tensor.is((filtered as Partial<KalmanFiltered> | undefined)?.[name])))
    throw new OptionError(
      "backwardKernels",
      "the second argument",
      filtered,
      "what kalmanFilter gives",
      "Write backwardKernels(matrices, kalmanFilter(matrices, { y })).",
    );
  const { F, Q } = linearGaussianMatrices("backwardKernels", model, filtered.means);
  const steps = filtered.means.shape[0]!;
  const dx = filtered.means.shape[1]!;
  const [P, m] = [filtered.covariances.slice([0, steps - 1]), filtered.means.slice([0, steps - 1])];
  const predicted = filtered.predictedCovariances.slice([1, steps]);
  const cross = np.matmul(F, P);
  const weights = np.matrixTranspose(solveFactored(linalg.cholesky(predicted), cross));
  const rest = np.eye(dx, dx, { dtype: P.dtype }).sub(np.matmul(weights, F));
  return {
    weights,
    offsets: m.sub(np.matvec(weights, filtered.predictedMeans.slice([1, steps]))),
    covariances: symmetric(sandwich(rest, P).add(sandwich(weights, Q))),
  };
}

/** A P Aᵀ of batches. */
const sandwich = (A: Tensor, P: Tensor): Tensor => np.matmul(np.matmul(A, P), np.matrixTranspose(A));
