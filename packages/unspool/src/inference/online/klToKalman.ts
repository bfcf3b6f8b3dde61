/**
 * How far a pair is from the exact one of a linear-Gaussian model:
 *
 *     KL(q_t(x_t) q_t(x_{t-1} | x_t) ‖ p(x_{t-1}, x_t | y_0 … y_t))
 *
 * in closed form, both being Gaussian; at step 0 of the filter density alone. Figure 1a of Campbell, Shi, Rainforth and Doucet
 * 2021.
 */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { backwardKernels } from "../stateSpace/backwardKernels.ts";
import type { KalmanFiltered } from "../stateSpace/kalmanFilter.ts";
import type { GivenMatrices } from "../stateSpace/linearGaussianMatrices.ts";
import type { VariationalFamily } from "./variationalFamily.ts";

export interface KlToKalmanInputs<Phi> {
  /** An affine family, and its pair at step t. */
  family: VariationalFamily<Phi>;
  phi: Phi;
  /** What `kalmanFilter` gave for these matrices, of t + 1 steps or more. */
  matrices: GivenMatrices;
  filtered: KalmanFiltered;
  t: number;
}

interface Gaussian {
  mean: Tensor;
  covariance: Tensor;
}

const where = "klToKalman";
const float64 = { dtype: "float64" } as const;

/** The divergence in nats. Throws `OptionError` for a family that is not affine, `ShapeError` for a step beyond the filter's. */
export function klToKalman<Phi>({ family, phi, matrices, filtered, t }: KlToKalmanInputs<Phi>): number {
  if (!family.isAffine) throw new OptionError(where, "family", family.name, "an affine family");
  const steps = filtered.means.shape[0]!;
  if (t < 0 || t >= steps) {
    throw new ShapeError(
      where,
      `the filter has steps 0 … ${steps - 1}, got t = ${t}. Filter t + 1 observations.`,
    );
  }
  const { mean, sd } = family.moments(phi);
  const q: Gaussian = { mean, covariance: diagonalOf(sd) };
  const p: Gaussian = { mean: filtered.means.slice(t), covariance: filtered.covariances.slice(t) };
  if (t === 0) return divergence(q, p);
  const d = mean.shape[0]!;
  const zeros = np.zeros([d, d], float64);
  // An affine map is known from its values at 0 and at the unit vectors.
  const bias = family.samplePast(phi, zeros, zeros).slice(0);
  const weights = family.samplePast(phi, np.eye(d, float64), zeros).sub(bias).transpose();
  const pastSd = family
    .samplePast(phi, zeros, np.ones([d, d], float64))
    .slice(0)
    .sub(bias);
  const exact = backwardKernels(matrices, filtered);
  const kernel = {
    weights: exact.weights.slice(t - 1),
    bias: exact.offsets.slice(t - 1),
    covariance: exact.covariances.slice(t - 1),
  };
  return divergence(joint(q, { weights, bias, covariance: diagonalOf(pastSd) }), joint(p, kernel));
}

const diagonalOf = (sd: Tensor): Tensor => np.eye(sd.shape[0]!, float64).mul(sd.mul(sd));

const product = (...factors: Tensor[]): Tensor => factors.reduce((a, b) => np.matmul(a, b) as Tensor);

/** Of (W x + b + noise, x). */
function joint(
  { mean, covariance }: Gaussian,
  past: { weights: Tensor; bias: Tensor; covariance: Tensor },
): Gaussian {
  const { weights: W } = past;
  const cross = product(W, covariance);
  const top = np.concatenate([past.covariance.add(product(cross, W.transpose())), cross], 1);
  const bottom = np.concatenate([cross.transpose(), covariance], 1);
  return {
    mean: np.concatenate([np.matvec(W, mean).add(past.bias), mean]),
    covariance: np.concatenate([top, bottom]),
  };
}

/** KL(q ‖ p) = (tr(P⁻¹ Q) + |L⁻¹ gap|² - n + log |P| - log |Q|) / 2. */
function divergence(q: Gaussian, p: Gaussian): number {
  const n = q.mean.shape[0]!;
  const [lowerQ, lowerP] = [linalg.cholesky(q.covariance), linalg.cholesky(p.covariance)];
  const whiten = (x: Tensor): Tensor => linalg.triangularSolve(lowerP, x, { leftSide: true, lower: true });
  const root = whiten(lowerQ);
  const gap = whiten(q.mean.sub(p.mean).reshape([n, 1]));
  const logDeterminant = (lower: Tensor): number => 2 * np.log(np.diagonal(lower)).sum().item();
  const squares = root.mul(root).sum().item() + gap.mul(gap).sum().item();
  return (squares - n + logDeterminant(lowerP) - logDeterminant(lowerQ)) / 2;
}
