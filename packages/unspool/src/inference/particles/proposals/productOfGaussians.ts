/**
 * The product of two normal densities of independent numbers, which is normal again:
 *
 *     N(m1, v1) N(m2, v2)  ∝  N((m1 v2 + m2 v1) / (v1 + v2), v1 v2 / (v1 + v2))
 */
import type { Tensor } from "../../../array/index.ts";

/** Mean and variance. */
export interface GaussianMoments {
  mean: Tensor;
  variance: Tensor;
}

/** Means and variances broadcast. */
export function productOfGaussians(first: GaussianMoments, second: GaussianMoments): GaussianMoments {
  const total = first.variance.add(second.variance);
  const mean = first.mean.mul(second.variance).add(second.mean.mul(first.variance)).div(total);
  return { mean, variance: first.variance.mul(second.variance).div(total) };
}
