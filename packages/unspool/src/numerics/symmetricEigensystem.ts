/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix: Householder reflections to tridiagonal form, then
 * implicit QL rotations (Golub and Van Loan, Matrix Computations, 8.3; the shifts are those of EISPACK's tql2). About
 * a tenth of the work of Jacobi rotations from a hundred rows on. Everything runs along rows, which lie in memory as
 * they are read.
 */
import { NonFiniteError } from "../errors.ts";
import type { SquareMatrix } from "./squareMatrix.ts";

export interface SymmetricEigensystem {
  /** Rising, [n]. */
  values: Float64Array;
  /** Row i is the unit eigenvector of value i, [n · n]. */
  vectors: Float64Array;
}

/**
 * The eigensystem of a symmetric matrix, whose lower triangle counts. Throws `NonFiniteError` for an element that is not
 * finite, which calls the matrix `what`. Cost: about 8 n³ operations.
 */
export function symmetricEigensystem(
  { size, entries }: SquareMatrix,
  what = `the matrix [${size}, ${size}]`,
): SymmetricEigensystem {
  const n = size;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const x = entries[i * n + j]!;
      if (!Number.isFinite(x)) {
        throw new NonFiniteError("symmetricEigensystem", `element ${i}, ${j} of ${what} is ${x}.`, {
          row: i,
          column: j,
        });
      }
      a[i * n + j] = a[j * n + i] = x;
    }
  }
  const { diagonal, beside, rows } = tridiagonal(a, n);
  rotateToDiagonal(diagonal, beside, rows, n);
  const order = Array.from({ length: n }, (_, i) => i).toSorted((i, j) => diagonal[i]! - diagonal[j]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(rows.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors };
}

interface Tridiagonal {
  diagonal: Float64Array;
  /** Element i lies between i and i + 1. */
  beside: Float64Array;
  /** Qᵀ with A = Q T Qᵀ. */
  rows: Float64Array;
}

/** Overwrites `a` with the reflections: row k holds the vector v of H = I - beta v vᵀ, which acts on k + 1 to n - 1. */
function tridiagonal(a: Float64Array, n: number): Tridiagonal {
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
    for (let j = k + 1; j < n; j++) square += (a[row + j]! / (scale || 1)) ** 2;
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

/** A ← H A H on the rows and columns behind k, its lower triangle: A - v wᵀ - w vᵀ. */
function reflect(a: Float64Array, n: number, k: number, beta: number, p: Float64Array): void {
  const row = k * n;
  const v = a.subarray(row, row + n);
  for (let i = k + 1; i < n; i++) p[i] = a[i * n + i]! * v[i]!;
  for (let i = k + 2; i < n; i++) {
    const own = a.subarray(i * n, i * n + i);
    const vi = v[i]!;
    // Two sums, so that an addition need not wait for the one before.
    let [even, odd] = [0, 0];
    let j = k + 1;
    for (; j < i - 1; j += 2) {
      const [x, y] = [own[j]!, own[j + 1]!];
      even += x * v[j]!;
      odd += y * v[j + 1]!;
      p[j]! += x * vi;
      p[j + 1]! += y * vi;
    }
    if (j < i) {
      even += own[j]! * v[j]!;
      p[j]! += own[j]! * vi;
    }
    p[i]! += even + odd;
  }
  let product = 0;
  for (let i = k + 1; i < n; i++) {
    p[i]! *= beta;
    product += p[i]! * v[i]!;
  }
  const half = (beta * product) / 2;
  for (let i = k + 1; i < n; i++) p[i]! -= half * v[i]!;
  for (let i = k + 1; i < n; i++) {
    const own = a.subarray(i * n, i * n + n);
    const [vi, wi] = [v[i]!, p[i]!];
    let j = k + 1;
    for (; j < i; j += 2) {
      own[j]! -= vi * p[j]! + wi * v[j]!;
      own[j + 1]! -= vi * p[j + 1]! + wi * v[j + 1]!;
    }
    if (j === i) own[j]! -= vi * p[j]! + wi * v[j]!;
  }
}

/** Row k above the diagonal, which is read next: reflections have changed the lower triangle only. */
function raise(a: Float64Array, n: number, k: number): void {
  for (let i = k + 1; i < n; i++) a[k * n + i] = a[i * n + k]!;
}

/** Qᵀ of Q = H_0 H_1 …, from the last reflection to the first. */
function reflections(a: Float64Array, betas: Float64Array, n: number): Float64Array {
  const q = new Float64Array(n * n);
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    const beta = betas[k]!;
    if (beta === 0) continue;
    sums.fill(0);
    for (let i = k + 1; i < n; i++) {
      const v = a[k * n + i]!;
      for (let j = k + 1; j < n; j++) sums[j]! += v * q[i * n + j]!;
    }
    for (let i = k + 1; i < n; i++) {
      const v = beta * a[k * n + i]!;
      for (let j = k + 1; j < n; j++) q[i * n + j]! -= v * sums[j]!;
    }
  }
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[j * n + i] = q[i * n + j]!;
  return rows;
}

/** More than any matrix needs; the usual number is below two for each value. */
const mostIterations = 60;

/** QL with implicit shifts: `d` becomes the eigenvalues, and the rows the eigenvectors. */
function rotateToDiagonal(d: Float64Array, e: Float64Array, rows: Float64Array, n: number): void {
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; iteration < mostIterations; iteration++) {
      let m = l;
      for (; m < n - 1; m++) {
        if (Math.abs(e[m]!) <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break;
      }
      if (m === l) break;
      sweep(d, e, rows, { n, l, m });
    }
  }
}

interface Block {
  n: number;
  /** The value that is sought, and the last row of the block that does not decay yet. */
  l: number;
  m: number;
}

function sweep(d: Float64Array, e: Float64Array, rows: Float64Array, { n, l, m }: Block): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotateRows(rows, n, i, c, s);
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

function rotateRows(rows: Float64Array, n: number, i: number, c: number, s: number): void {
  const first = rows.subarray(i * n, (i + 1) * n);
  const second = rows.subarray((i + 1) * n, (i + 2) * n);
  let k = 0;
  for (; k < n - 1; k += 2) {
    const [x, y, u, v] = [first[k]!, second[k]!, first[k + 1]!, second[k + 1]!];
    first[k] = c * x - s * y;
    second[k] = s * x + c * y;
    first[k + 1] = c * u - s * v;
    second[k + 1] = s * u + c * v;
  }
  if (k < n) {
    const [x, y] = [first[k]!, second[k]!];
    first[k] = c * x - s * y;
    second[k] = s * x + c * y;
  }
}
