/**
 * The smoother of Rauch, Tung and Striebel (1965): means and covariances of x_t given all observations of a linear-Gaussian
 * model. With the backward kernels W, b, C, from the last step back,
 *
 *     m^s_{t-1} = W m^s_t + b,   P^s_{t-1} = W P^s_t Wᵀ + C,   Cov(x_{t-1}, x_t) = W P^s_t
 */
import { type Tensor, isTracing, np, scan } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { backwardKernels } from "./backwardKernels.ts";
import { kalmanFilter } from "./kalmanFilter.ts";
import {
  type GivenMatrices,
  type LinearGaussianMatrices,
  linearGaussianMatrices,
  symmetric,
} from "./linearGaussianMatrices.ts";
import { type Observations, requireObservations } from "./observations.ts";

export interface KalmanSmoothed {
  /** Of x_t given all observations, [T, dx]. */
  means: Tensor;
  /** [T, dx, dx]. */
  covariances: Tensor;
  /** Cov(x_{t-1}, x_t) given all observations, [T - 1, dx, dx]. */
  laggedCovariances: Tensor;
  /** log p(y_0 … y_{T-1}). */
  logEvidence: Tensor;
}

/**
 * Filter and smoother in one compiled program, for arguments as `kalmanFilter` takes them.
 *
 * @throws OptionError, ShapeError for matrices or data that do not fit.
 *
 * @example
 * const { means, covariances } = kalmanSmoother({ F, G, Q, R, m0, P0 }, { y, observed });
 */
export function kalmanSmoother(model: GivenMatrices, data: Observations): KalmanSmoothed {
  const matrices = linearGaussianMatrices("kalmanSmoother", model, data?.y);
  const { y, observed } = requireObservations("kalmanSmoother", data, matrices.G.shape[0]!);
  return isTracing() ? smoothed(matrices, { y, observed }) : program(matrices, { y, observed });
}

const program = compiled("kalmanSmoother", smoothed);

type Moments = { mean: Tensor; covariance: Tensor };
type Kernel = { weights: Tensor; offset: Tensor; covariance: Tensor };

function smoothed(matrices: LinearGaussianMatrices, data: { y: Tensor; observed: Tensor }): KalmanSmoothed {
  const filtered = kalmanFilter(matrices, data);
  const steps = data.y.shape[0]!;
  const last = { mean: filtered.means.slice(steps - 1), covariance: filtered.covariances.slice(steps - 1) };
  const row = (x: Tensor): Tensor => x.reshape([1, ...x.shape]);
  if (steps === 1) {
    const none = last.covariance.reshape([1, ...last.covariance.shape]).slice([0, 0]);
    const { means, covariances, logEvidence } = filtered;
    return { means, covariances, laggedCovariances: none, logEvidence };
  }
  const { weights, offsets, covariances } = backwardKernels(matrices, filtered);
  const step = (next: Moments, kernel: Kernel): [Moments, Moments & { lagged: Tensor }] => {
    const lagged = np.matmul(kernel.weights, next.covariance);
    const spreading = np.matmul(lagged, kernel.weights.transpose());
    const own = {
      mean: np.matvec(kernel.weights, next.mean).add(kernel.offset),
      covariance: symmetric(spreading.add(kernel.covariance)),
    };
    return [own, { ...own, lagged }];
  };
  const backwards = (x: Tensor): Tensor => np.flip(x, 0);
  const kernels = {
    weights: backwards(weights),
    offset: backwards(offsets),
    covariance: backwards(covariances),
  };
  const [, rest] = scan(step, last, kernels);
  return {
    means: np.concatenate([backwards(rest.mean), row(last.mean)]),
    covariances: np.concatenate([backwards(rest.covariance), row(last.covariance)]),
    laggedCovariances: backwards(rest.lagged),
    logEvidence: filtered.logEvidence,
  };
}
