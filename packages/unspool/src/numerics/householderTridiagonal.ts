/**
 * A symmetric matrix in tridiagonal form by Householder reflections (Golub and Van Loan, Matrix Computations, 8.3.1), and the
 * product of the reflections.
 */

export interface Tridiagonal {
  diagonal: Float64Array;
  /** Element i lies between i and i + 1. */
  beside: Float64Array;
  /** Qᵀ with A = Q T Qᵀ. */
  rows: Float64Array;
}

/** Overwrites `a` with the reflections: row k holds the vector v of H = I - beta v vᵀ, which acts on k + 1 to n - 1. */
export function tridiagonal(a: Float64Array, n: number): Tridiagonal {
  const [diagonal, beside, betas, p] = Array.from({ length: 4 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let k = 0; k < n - 2; k++) {
    const row = k * n;
    let [square, scale] = [0, 0];
    for (let j = k + 1; j < n; j++) scale = Math.max(scale, Math.abs(a[row + j]!));
    for (let j = k + 1; j < n; j++) {
      const share = a[row + j]! / (scale || 1);
      square += share * share;
    }
    const first = a[row + k + 1]!;
    const length = scale * Math.sqrt(square);
    const alpha = first > 0 ? -length : length;
    beside[k] = alpha;
    if (length === 0 || length === Math.abs(first)) {
      beside[k] = first;
      raise(a, n, k + 1);
      continue;
    }
    // v = (x - alpha e) / (first - alpha) has 1 in front, so that beta = (alpha - first) / alpha.
    const beta = (alpha - first) / alpha;
    betas[k] = beta;
    for (let j = k + 2; j < n; j++) a[row + j]! /= first - alpha;
    a[row + k + 1] = 1;
    reflect(a, n, k, beta, p);
    raise(a, n, k + 1);
  }
  for (let k = 0; k < n; k++) diagonal[k] = a[k * n + k]!;
  if (n > 1) beside[n - 2] = a[(n - 1) * n + n - 2]!;
  return { diagonal, beside, rows: reflections(a, betas, n) };
}

/** A ← H A H on the rows and columns behind k, its lower triangle: A - v wᵀ - w vᵀ. Two rows at a time. */
function reflect(a: Float64Array, n: number, k: number, beta: number, p: Float64Array): void {
  const v = k * n;
  for (let i = k + 1; i < n; i++) p[i] = 0;
  let i = k + 1;
  for (; i < n - 1; i += 2) {
    const first = i * n;
    const second = first + n;
    const vi = a[v + i]!;
    const wi = a[v + i + 1]!;
    let x = a[first + i]! * vi + a[second + i]! * wi;
    let y = a[second + i]! * vi + a[second + i + 1]! * wi;
    for (let j = k + 1; j < i; j++) {
      const one = a[first + j]!;
      const other = a[second + j]!;
      const vj = a[v + j]!;
      x += one * vj;
      y += other * vj;
      p[j]! += one * vi + other * wi;
    }
    p[i]! += x;
    p[i + 1]! += y;
  }
  if (i < n) {
    const own = i * n;
    const vi = a[v + i]!;
    let x = a[own + i]! * vi;
    for (let j = k + 1; j < i; j++) {
      x += a[own + j]! * a[v + j]!;
      p[j]! += a[own + j]! * vi;
    }
    p[i]! += x;
  }
  let product = 0;
  for (let j = k + 1; j < n; j++) {
    p[j]! *= beta;
    product += p[j]! * a[v + j]!;
  }
  const half = (beta * product) / 2;
  for (let j = k + 1; j < n; j++) p[j]! -= half * a[v + j]!;
  for (i = k + 1; i < n - 1; i += 2) {
    const first = i * n;
    const second = first + n;
    const vi = a[v + i]!;
    const wi = p[i]!;
    const vn = a[v + i + 1]!;
    const wn = p[i + 1]!;
    for (let j = k + 1; j <= i; j++) {
      const vj = a[v + j]!;
      const wj = p[j]!;
      a[first + j]! -= vi * wj + wi * vj;
      a[second + j]! -= vn * wj + wn * vj;
    }
    a[second + i + 1]! -= 2 * vn * wn;
  }
  if (i < n) {
    const own = i * n;
    const vi = a[v + i]!;
    const wi = p[i]!;
    for (let j = k + 1; j <= i; j++) a[own + j]! -= vi * p[j]! + wi * a[v + j]!;
  }
}

/** Row k above the diagonal, which is read next: reflections have changed the lower triangle only. */
function raise(a: Float64Array, n: number, k: number): void {
  for (let i = k + 1; i < n; i++) a[k * n + i] = a[i * n + k]!;
}

/** Qᵀ of Q = H_0 H_1 …, from the last reflection to the first. Two rows at a time. */
function reflections(a: Float64Array, betas: Float64Array, n: number): Float64Array {
  const q = new Float64Array(n * n);
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    const beta = betas[k]!;
    if (beta === 0) continue;
    const v = k * n;
    // An odd row is the first.
    const from = k + 1 + ((n - k - 1) % 2);
    sums.fill(0);
    for (let i = k + 1; i < from; i++) for (let j = k + 1; j < n; j++) sums[j]! += a[v + i]! * q[i * n + j]!;
    for (let i = from; i < n; i += 2) {
      const first = i * n;
      const second = first + n;
      const vi = a[v + i]!;
      const vn = a[v + i + 1]!;
      for (let j = k + 1; j < n; j++) sums[j]! += vi * q[first + j]! + vn * q[second + j]!;
    }
    for (let i = k + 1; i < from; i++)
      for (let j = k + 1; j < n; j++) q[i * n + j]! -= beta * a[v + i]! * sums[j]!;
    for (let i = from; i < n; i += 2) {
      const first = i * n;
      const second = first + n;
      const vi = beta * a[v + i]!;
      const vn = beta * a[v + i + 1]!;
      for (let j = k + 1; j < n; j++) {
        const sum = sums[j]!;
        q[first + j]! -= vi * sum;
        q[second + j]! -= vn * sum;
      }
    }
  }
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[j * n + i] = q[i * n + j]!;
  return rows;
}
