/**
 * Gaussian process regression with a Matérn kernel (nu = 5/2) and a length of its own for each number (Rasmussen and Williams 2006,
 * algorithm 2.1 and section 5.4.1).
 *
 *     k(x, x') = s² (1 + a + a²/3) exp(-a),    a = sqrt(5) r,    r² = sum over j of (x_j - x'_j)² / l_j²
 *     log p(y) = -1/2 yᵀ K⁻¹ y - 1/2 log |K| - n/2 log 2 pi,    K = k + noise² I
 */
import { choleskyFactor, solveLower, solveUpper } from "./cholesky.ts";

/** In logarithms, [d + 2]: lengths, standard deviation of the signal, standard deviation of the noise. */
export type Hyperparameters = Float64Array;

export interface GaussianProcess {
  /** Mean and standard deviation of the function at x, [d], without noise. */
  predict(x: Float64Array): { mean: number; deviation: number };
}

/** Squared scaled distance of the rows i of x and k of z. */
function distance(x: Float64Array, i: number, z: Float64Array, k: number, lengths: Float64Array): number {
  const size = lengths.length;
  let square = 0;
  for (let j = 0; j < size; j++) square += ((x[i * size + j]! - z[k * size + j]!) / lengths[j]!) ** 2;
  return square;
}

/** The kernel at signal 1 for a squared scaled distance. */
function matern(square: number): number {
  const a = Math.sqrt(5 * square);
  return (1 + a + (a * a) / 3) * Math.exp(-a);
}

interface Parts {
  lengths: Float64Array;
  signal: number;
  noise: number;
}

function partsOf(h: Hyperparameters): Parts {
  const size = h.length - 2;
  return {
    lengths: h.slice(0, size).map(Math.exp),
    signal: Math.exp(h[size]!),
    noise: Math.exp(h[size + 1]!),
  };
}

/** K with noise, [n · n]. */
function covariance(x: Float64Array, count: number, { lengths, signal, noise }: Parts): Float64Array {
  const k = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++)
      k[i * count + j] = k[j * count + i] = signal ** 2 * matern(distance(x, i, x, j, lengths));
    // A share of the signal keeps the factor alive where points coincide.
    k[i * count + i]! += noise ** 2 + 1e-10 * signal ** 2;
  }
  return k;
}

/** The process given n points x, [n · d], and their values. Cost: n³ / 3 operations, then n² per prediction. */
export function gaussianProcess(x: Float64Array, y: Float64Array, h: Hyperparameters): GaussianProcess {
  const parts = partsOf(h);
  const count = y.length;
  const factor = choleskyFactor(covariance(x, count, parts), count);
  const weights = solveUpper(factor, solveLower(factor, y, count), count);
  return {
    predict(at) {
      const k = Float64Array.from(
        { length: count },
        (_, i) => parts.signal ** 2 * matern(distance(x, i, at, 0, parts.lengths)),
      );
      const mean = k.reduce((sum, ki, i) => sum + ki * weights[i]!, 0);
      const v = solveLower(factor, k, count);
      const variance = parts.signal ** 2 - v.reduce((sum, vi) => sum + vi * vi, 0);
      return { mean, deviation: Math.sqrt(Math.max(variance, 0)) };
    },
  };
}

export interface Evidence {
  value: number;
  /** By the hyperparameters' logarithms, [d + 2]. */
  gradient: Float64Array;
}

/** The log marginal likelihood and its gradient. Cost: n³ + n² d operations. */
export function logEvidence(x: Float64Array, y: Float64Array, h: Hyperparameters): Evidence {
  const parts = partsOf(h);
  const { lengths, signal, noise } = parts;
  const count = y.length;
  const size = lengths.length;
  const factor = choleskyFactor(covariance(x, count, parts), count);
  const weights = solveUpper(factor, solveLower(factor, y, count), count);
  let value = (-count / 2) * Math.log(2 * Math.PI);
  for (let i = 0; i < count; i++) value -= 0.5 * y[i]! * weights[i]! + Math.log(factor[i * count + i]!);
  const inverse = inverseOf(factor, count);
  const gradient = new Float64Array(h.length);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      // 2 · 1/2 of tr((w wᵀ - K⁻¹) dK), for both halves.
      const pull = weights[i]! * weights[j]! - inverse[i * count + j]!;
      const square = distance(x, i, x, j, lengths);
      const a = Math.sqrt(5 * square);
      const decay = Math.exp(-a) * signal ** 2;
      gradient[size]! += pull * 2 * (1 + a + (a * a) / 3) * decay;
      // dk / d log l_j = 5/3 (1 + a) exp(-a) · (x_j - x'_j)² / l_j².
      const common = pull * (5 / 3) * (1 + a) * decay;
      for (let q = 0; q < size; q++)
        gradient[q]! += common * ((x[i * size + q]! - x[j * size + q]!) / lengths[q]!) ** 2;
    }
    const own = weights[i]! ** 2 - inverse[i * count + i]!;
    gradient[size]! += own * signal ** 2 * (1 + 1e-10);
    gradient[size + 1]! += own * noise ** 2;
  }
  return { value, gradient };
}

/** K⁻¹ from its factor. */
function inverseOf(factor: Float64Array, count: number): Float64Array {
  const out = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    const unit = new Float64Array(count);
    unit[i] = 1;
    out.set(solveUpper(factor, solveLower(factor, unit, count), count), i * count);
  }
  return out;
}
