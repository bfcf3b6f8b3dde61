/**
 * The Bogoliubov-Kubo-Mori information matrix of a spectral model, in the eigenbasis of its state:
 *
 *     g_jk = Cov_p(∂_j E, ∂_k E) + Σ_ab (p_a - p_b)(E_b - E_a) Re( conj (G_j)_ab (G_k)_ab ),
 *
 * the first over parameters of energies, the second over those that turn the unitary. Where no parameter does both it is
 * block diagonal. The weights are products, with no division by a difference, and none is negative.
 */
import { type Tensor, np } from "../../array/index.ts";
import type { ComplexPair } from "../hermitian/index.ts";
import { matrixProduct } from "../hermitian/matrixProduct.ts";

const exact = { dtype: "float64" } as const;

export interface SpectralMetricParts {
  /** p [D], or frequencies of bitstrings. */
  weights: Tensor;
  /** E [D]. */
  energies: Tensor;
  /** ∂E [D, parameters of the energies]. */
  features: Tensor;
  /** G [parameters of the circuit, D, D]. */
  circuit: ComplexPair;
  /** G [parameters of the energies, D, D], where they turn the unitary. */
  energy?: ComplexPair;
}

const transposed = (x: Tensor): Tensor => np.transpose(x) as Tensor;

/** g [P, P], parameters of the energies first. Cost: P² D² multiplications twice. */
export function spectralMetric(parts: SpectralMetricParts): Tensor {
  const { weights, energies, features, circuit, energy } = parts;
  const covariance = covarianceOf(features, weights);
  const turning = turningBlock(weights, energies, energy === undefined ? circuit : joined(energy, circuit));
  const [m, k] = [features.shape[1]!, circuit.re.shape[0]!];
  if (energy === undefined) return blocks(covariance, turning);
  return turning.add(blocks(covariance, np.zeros([k, k], exact))).reshape([m + k, m + k]);
}

/** Cov_p of the columns of A [D, m]. */
export function covarianceOf(features: Tensor, weights: Tensor): Tensor {
  const means = np.matmul(weights, features) as Tensor;
  const centred = features.sub(means);
  return matrixProduct(transposed(centred).mul(weights), centred);
}

/** Each pair a < b counts twice: weights and products are the same the other way round, and 0 on the diagonal. */
function turningBlock(p: Tensor, energies: Tensor, { re, im }: ComplexPair): Tensor {
  const [count, d] = re.shape as [number, number];
  const { first, second, at } = pairsOf(d);
  const pick = (x: Tensor, index: Tensor, axis = 0): Tensor => np.take(x, index, axis) as Tensor;
  const lead = pick(p, first).sub(pick(p, second));
  const weights = lead.mul(pick(energies, second).sub(pick(energies, first))).mul(2);
  const rows = (x: Tensor): Tensor => pick(x.reshape([count, d * d]), at, 1);
  const [a, b] = [rows(re), rows(im)];
  return matrixProduct(a.mul(weights), transposed(a)).add(matrixProduct(b.mul(weights), transposed(b)));
}

function pairsOf(d: number): { first: Tensor; second: Tensor; at: Tensor } {
  const all = Array.from({ length: d }, (_, a) => a).flatMap((a) =>
    Array.from({ length: d - a - 1 }, (_, k) => [a, a + 1 + k] as const),
  );
  const index = (of: (pair: readonly [number, number]) => number): Tensor =>
    np.array(Int32Array.from(all, of), { dtype: "int32" });
  return { first: index(([a]) => a), second: index(([, b]) => b), at: index(([a, b]) => a * d + b) };
}

function joined(a: ComplexPair, b: ComplexPair): ComplexPair {
  return { re: np.concatenate([a.re, b.re], 0) as Tensor, im: np.concatenate([a.im, b.im], 0) as Tensor };
}

/** diag(A, B). */
function blocks(a: Tensor, b: Tensor): Tensor {
  const [m, k] = [a.shape[0]!, b.shape[0]!];
  const above = np.concatenate([a, np.zeros([m, k], exact)], 1) as Tensor;
  const below = np.concatenate([np.zeros([k, m], exact), b], 1) as Tensor;
  return np.concatenate([above, below], 0) as Tensor;
}
