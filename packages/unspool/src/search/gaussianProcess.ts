/**
 * Gaussian process regression with a Matérn kernel (nu = 5/2) and a length of its own for each number (Rasmussen and Williams 2006,
 * algorithm 2.1 and section 5.4.1).
 *
 *     k(x, x') = s² (1 + a + a²/3) exp(-a),    a = sqrt(5) r,    r² = sum over j of (x_j - x'_j)² / l_j²
 *     log p(y) = -1/2 yᵀ K⁻¹ y - 1/2 log |K| - n/2 log 2 pi,    K = k + noise² I
 */
import { choleskyFactor, choleskyInverse, solveLower, solveUpper } from "./cholesky.ts";

/** In logarithms, [d + 2]: lengths, standard deviation of the signal, standard deviation of the noise. */
export type Hyperparameters = Float64Array;

export interface GaussianProcess {
  /** Mean and standard deviation of the function at x, [d], without noise. */
  predict(x: Float64Array): { mean: number; deviation: number };
}

/** Squared distance of the rows i of x and k of z, which are scaled by the lengths. */
function distance(x: Float64Array, i: number, z: Float64Array, k: number, size: number): number {
  let square = 0;
  for (let j = 0; j < size; j++) {
    const difference = x[i * size + j]! - z[k * size + j]!;
    square += difference * difference;
  }
  return square;
}

/** Rows in units of the lengths. */
const scaled = (x: Float64Array, lengths: Float64Array): Float64Array =>
  x.map((value, i) => value / lengths[i % lengths.length]!);

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

/** The lower triangle of K with noise, [n · n], for scaled rows. */
function covariance(z: Float64Array, count: number, { lengths, signal, noise }: Parts): Float64Array {
  const size = lengths.length;
  const k = new Float64Array(count * count);
  const power = signal * signal;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) k[i * count + j] = power * matern(distance(z, i, z, j, size));
    // A share of the signal keeps the factor alive where points coincide.
    k[i * count + i] = power + noise * noise + 1e-10 * power;
  }
  return k;
}

/** The process given n points x, [n · d], and their values. Cost: n³ / 3 operations, then n² per prediction. */
export function gaussianProcess(x: Float64Array, y: Float64Array, h: Hyperparameters): GaussianProcess {
  const parts = partsOf(h);
  const { lengths } = parts;
  const count = y.length;
  const size = lengths.length;
  const power = parts.signal * parts.signal;
  const z = scaled(x, lengths);
  const factor = choleskyFactor(covariance(z, count, parts), count);
  const weights = solveUpper(factor, solveLower(factor, y, count), count);
  return {
    predict(given) {
      const at = scaled(given, lengths);
      const k = new Float64Array(count);
      let mean = 0;
      for (let i = 0; i < count; i++) {
        k[i] = power * matern(distance(z, i, at, 0, size));
        mean += k[i]! * weights[i]!;
      }
      const v = solveLower(factor, k, count);
      let variance = power;
      for (let i = 0; i < count; i++) variance -= v[i]! * v[i]!;
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
  const power = signal * signal;
  const z = scaled(x, lengths);
  const k = covariance(z, count, parts);
  const factor = choleskyFactor(k, count);
  const weights = solveUpper(factor, solveLower(factor, y, count), count);
  let value = (-count / 2) * Math.log(2 * Math.PI);
  for (let i = 0; i < count; i++) value -= 0.5 * y[i]! * weights[i]! + Math.log(factor[i * count + i]!);
  const inverse = choleskyInverse(factor, count);
  const gradient = new Float64Array(h.length);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      // 2 · 1/2 of tr((w wᵀ - K⁻¹) dK), for both halves.
      const pull = weights[i]! * weights[j]! - inverse[i * count + j]!;
      const own = k[i * count + j]!;
      gradient[size]! += pull * 2 * own;
      const a = Math.sqrt(5 * distance(z, i, z, j, size));
      // dk / d log l_j = 5/3 (1 + a) exp(-a) · (x_j - x'_j)² / l_j², where exp(-a) is k / (1 + a + a²/3).
      const common = (pull * (5 / 3) * (1 + a) * own) / (1 + a + (a * a) / 3);
      for (let q = 0; q < size; q++) {
        const difference = z[i * size + q]! - z[j * size + q]!;
        gradient[q]! += common * difference * difference;
      }
    }
    const own = weights[i]! * weights[i]! - inverse[i * count + i]!;
    gradient[size]! += own * power * (1 + 1e-10);
    gradient[size + 1]! += own * noise * noise;
  }
  return { value, gradient };
}
