/**
 * The exact variational pair of a diagonal linear-Gaussian model, number by number: with q_{t-1} = N(m, s²),
 *
 *     filter  N(p + K (y - G p), (1 - K G) P),   p = F m,  P = F² s² + U,  K = P G / (G² P + V)
 *     kernel  N(v (m / s² + F x / U), v),        v = 1 / (1 / s² + F² / U)
 *
 * Särkkä 2013, sections 4.3 and 8.2.
 */
import { type Tensor, np } from "../../array/index.ts";
import type { DiagonalLinearGaussianTheta, DiagonalNoise } from "../stateSpace/diagonalLinearGaussian.ts";
import type { StateMoments, VariationalFamily } from "./variationalFamily.ts";

/** Phi of step t; `last` are the moments of q_{t-1}, undefined at step 0. `phi` is any, for the structure. */
export function kalmanPair<Phi>(
  family: VariationalFamily<Phi>,
  phi: Phi,
  given: {
    theta: DiagonalLinearGaussianTheta;
    noise: DiagonalNoise;
    y: Tensor;
    observed: Tensor;
    last: StateMoments | undefined;
  },
): Phi {
  const { theta, noise, y, observed, last } = given;
  const { F, G } = theta;
  const { U, V } = noise;
  const mean = last === undefined ? np.full(F.shape, noise.mean, { dtype: "float64" }) : F.mul(last.mean);
  const variance =
    last === undefined
      ? np.full(F.shape, noise.variance, { dtype: "float64" })
      : F.mul(F).mul(last.sd.mul(last.sd)).add(U);
  const gain = np.where(observed, variance.mul(G).div(G.mul(G).mul(variance).add(V)), 0) as Tensor;
  const gap = np.where(observed, y, np.zerosLike(y)).sub(G.mul(mean));
  const updated = family.moved(phi, {
    mean: mean.add(gain.mul(gap)),
    sd: np.sqrt(gain.mul(G).neg().add(1).mul(variance)) as Tensor,
  });
  if (last === undefined) return updated;
  const precision = np.reciprocal(last.sd.mul(last.sd)) as Tensor;
  const v = np.reciprocal(precision.add(F.mul(F).div(U))) as Tensor;
  return family.withAffinePast!(updated, {
    weights: v.mul(F).div(U),
    bias: v.mul(precision).mul(last.mean),
    sd: np.sqrt(v) as Tensor,
  });
}
