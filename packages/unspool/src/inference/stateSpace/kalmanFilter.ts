/**
 * The Kalman filter (Kalman 1960): means and covariances of x_t given y_0 … y_t of a linear-Gaussian model, and the exact
 * evidence. For each step, from the prediction m⁻, P⁻,
 *
 *     v = y - G m⁻ - offset,   S = G P⁻ Gᵀ + R,   K = P⁻ Gᵀ S⁻¹,
 *     m = m⁻ + K v,   P = (I - K G) P⁻ (I - K G)ᵀ + K R Kᵀ,
 *     log p(y_t | y_0 … y_{t-1}) = log N(v; 0, S),
 *     m⁻ <- F m + drift,   P⁻ <- F P Fᵀ + Q
 *
 * P in Joseph's form (Bucy and Joseph 1968), which stays positive definite under rounding.
 */
import { type Tensor, isTracing, linalg, np, scan } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import {
  type GivenMatrices,
  type LinearGaussianMatrices,
  linearGaussianMatrices,
  solveFactored,
  symmetric,
} from "./linearGaussianMatrices.ts";
import { type Observations, requireObservations } from "./observations.ts";

/** Of each step t = 0 … T - 1. */
export interface KalmanFiltered {
  /** Of x_t given y_0 … y_t, [T, dx]. */
  means: Tensor;
  /** [T, dx, dx]. */
  covariances: Tensor;
  /** Of x_t given y_0 … y_{t-1}, [T, dx]. */
  predictedMeans: Tensor;
  /** [T, dx, dx]. */
  predictedCovariances: Tensor;
  /** log p(y_t | y_0 … y_{t-1}), [T]; 0 where nothing was observed. */
  logEvidences: Tensor;
  /** log p(y_0 … y_{T-1}), their sum. */
  logEvidence: Tensor;
}

type Sequence = { y: Tensor; observed: Tensor };
type Predicted = { mean: Tensor; covariance: Tensor };
type Step = { mean: Tensor; covariance: Tensor; predicted: Predicted; logEvidence: Tensor };

/**
 * The filter for `data.y` [T, dy], with steps left out where `data.observed` is false. It computes in the widest dtype of the
 * matrices and of y: give one of them in float64. Outside of a trace it is one compiled program; inside, `grad` of the
 * evidence is its exact score. Cost: T steps of O(dx³ + dy³).
 *
 * @throws OptionError, ShapeError for matrices or data that do not fit.
 *
 * @example
 * const { means, logEvidence } = kalmanFilter({ F: 0.9, G: 1.2, Q: 0.3, R: 0.2, P0: 1 }, { y });
 */
export function kalmanFilter(model: GivenMatrices, data: Observations): KalmanFiltered {
  const matrices = linearGaussianMatrices("kalmanFilter", model, data?.y);
  const { y, observed } = requireObservations("kalmanFilter", data, matrices.G.shape[0]!);
  return isTracing() ? filtered(matrices, { y, observed }) : program(matrices, { y, observed });
}

const program = compiled("kalmanFilter", filtered);

/** The recursion for checked arguments. */
function filtered(
  { F, G, Q, R, m0, P0, drift, offset }: LinearGaussianMatrices,
  { y, observed }: Sequence,
): KalmanFiltered {
  const { dtype } = F;
  const [dx, dy] = [m0.shape[0]!, offset.shape[0]!];
  const identity = np.eye(dx, dx, { dtype });
  const step = (predicted: Predicted, row: Sequence): [Predicted, Step] => {
    // Of a gap nothing is read: a NaN there would reach derivatives.
    const seen = np.where(row.observed, row.y, 0).astype(dtype);
    const innovation = seen.sub(np.matvec(G, predicted.mean)).sub(offset);
    const GP = np.matmul(G, predicted.covariance);
    const L = linalg.cholesky(symmetric(np.matmul(GP, G.transpose()).add(R)));
    const gain = solveFactored(L, GP).transpose();
    const z = linalg.triangularSolve(L, innovation.reshape([dy, 1]), { leftSide: true, lower: true });
    const logDensity = z
      .mul(z)
      .sum()
      .mul(-0.5)
      .sub(np.log(np.diagonal(L)).sum())
      .sub((dy * Math.log(2 * Math.PI)) / 2);
    const rest = identity.sub(np.matmul(gain, G));
    const mean = np.where(row.observed, predicted.mean.add(np.matvec(gain, innovation)), predicted.mean);
    const covariance = np.where(
      row.observed,
      symmetric(sandwich(rest, predicted.covariance).add(sandwich(gain, R))),
      predicted.covariance,
    );
    const next = {
      mean: np.matvec(F, mean).add(drift),
      covariance: symmetric(sandwich(F, covariance).add(Q)),
    };
    return [next, { mean, covariance, predicted, logEvidence: np.where(row.observed, logDensity, 0) }];
  };
  const [, steps] = scan(step, { mean: m0, covariance: P0 }, { y, observed });
  return {
    means: steps.mean,
    covariances: steps.covariance,
    predictedMeans: steps.predicted.mean,
    predictedCovariances: steps.predicted.covariance,
    logEvidences: steps.logEvidence,
    logEvidence: steps.logEvidence.sum(),
  };
}

/** A P Aᵀ. */
const sandwich = (A: Tensor, P: Tensor): Tensor => np.matmul(np.matmul(A, P), A.transpose());
