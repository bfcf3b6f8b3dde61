/**
 * Principal components of a cloud of states: the directions in which it is widest. The covariance is diagonalised by
 * Jacobi rotations (Golub and Van Loan, algorithm 8.5.3), whose vectors stay orthonormal whatever the eigenvalues.
 */
import { OptionError } from "../errors.ts";

export interface PrincipalComponents {
  /** [n]. */
  mean: Float64Array;
  /** Unit vectors [n], the widest first; the largest element of each is positive. */
  components: Float64Array[];
  /** Along each component, falling. */
  variances: Float64Array;
  /** Share of the variance in the first 1, 2, … components. */
  explained: Float64Array;
  /** Coordinates of a state along the components. */
  project(state: Float64Array): Float64Array;
}

/** Cost: N n² for N states of n numbers, and about 50 n³. */
export function pca(states: readonly Float64Array[]): PrincipalComponents {
  if (states.length === 0) throw new OptionError("pca", "states", states, "at least one state");
  const n = states[0]!.length;
  const mean = new Float64Array(n);
  for (const state of states) for (let i = 0; i < n; i++) mean[i]! += state[i]! / states.length;
  const covariance = new Float64Array(n * n);
  const centred = new Float64Array(n);
  for (const state of states) {
    for (let i = 0; i < n; i++) centred[i] = state[i]! - mean[i]!;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) covariance[i * n + j]! += (centred[i]! * centred[j]!) / states.length;
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) covariance[j * n + i] = covariance[i * n + j]!;
  const vectors = diagonalise(covariance, n);
  const order = Array.from({ length: n }, (_, k) => k).toSorted(
    (a, b) => covariance[b * n + b]! - covariance[a * n + a]!,
  );
  const components = order.map((k) =>
    withPositiveTop(Float64Array.from({ length: n }, (_, i) => vectors[i * n + k]!)),
  );
  const variances = Float64Array.from(order, (k) => Math.max(0, covariance[k * n + k]!));
  const total = variances.reduce((sum, x) => sum + x, 0);
  let [reached] = [0];
  return {
    mean,
    components,
    variances,
    explained: variances.map((x) => (total === 0 ? 1 : (reached += x) / total)),
    project: (state) =>
      Float64Array.from(components, (unit) =>
        unit.reduce((sum, x, i) => sum + x * (state[i]! - mean[i]!), 0),
      ),
  };
}

const mostSweeps = 60;

/** Rotates the symmetric matrix `a` until it is diagonal; returns the product of the rotations. */
function diagonalise(a: Float64Array, n: number): Float64Array {
  const vectors = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0, isRotated = true; isRotated && sweep < mostSweeps; sweep++) {
    isRotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) isRotated = rotate(a, vectors, n, p, q) || isRotated;
    }
  }
  return vectors;
}

function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): boolean {
  const [off, app, aqq] = [a[p * n + q]!, a[p * n + p]!, a[q * n + q]!];
  if (Math.abs(off) <= 2 ** -53 * Math.sqrt(Math.abs(app * aqq)) || Math.abs(off) < 1e-300) return false;
  const tau = (aqq - app) / (2 * off);
  const tangent = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  const rotate = (m: Float64Array, i: number, j: number): void => {
    const [x, y] = [m[i]!, m[j]!];
    m[i] = cosine * x - sine * y;
    m[j] = sine * x + cosine * y;
  };
  for (let k = 0; k < n; k++) rotate(a, k * n + p, k * n + q);
  for (let k = 0; k < n; k++) rotate(a, p * n + k, q * n + k);
  for (let k = 0; k < n; k++) rotate(vectors, k * n + p, k * n + q);
  return true;
}

function withPositiveTop(vector: Float64Array): Float64Array {
  const top = vector.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0);
  return top < 0 ? vector.map((x) => -x) : vector;
}
