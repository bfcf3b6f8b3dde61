/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix: Householder reflections to tridiagonal form, then
 * implicit QL rotations (Golub and Van Loan, Matrix Computations, 8.3; the shifts are those of EISPACK's tql2). About
 * a tenth of the work of Jacobi rotations from a hundred rows on. Everything runs along rows, which lie in memory as
 * they are read, two at a time, so that what both need is read once; no view is made of a row, because garbage took longer than
 * arithmetic.
 */
import { NonFiniteError } from "../errors.ts";
import { tridiagonal } from "./householderTridiagonal.ts";
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

/** More than any matrix needs; the usual number is below two for each value. */
const mostIterations = 60;

/** QL with implicit shifts: `d` becomes the eigenvalues, and the rows the eigenvectors. */
function rotateToDiagonal(d: Float64Array, e: Float64Array, rows: Float64Array, n: number): void {
  const turns: Turns = { cosines: new Float64Array(n), sines: new Float64Array(n) };
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; iteration < mostIterations; iteration++) {
      let m = l;
      for (; m < n - 1; m++) {
        if (Math.abs(e[m]!) <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break;
      }
      if (m === l) break;
      const last = sweep(d, e, l, m, turns);
      rotateRows(rows, n, last, m, turns);
    }
  }
}

/** Rotation i turns the rows i and i + 1. */
interface Turns {
  cosines: Float64Array;
  sines: Float64Array;
}

/** Seeks the value `l` in a block whose last row is `m`. Returns the lowest rotation that was made, down from m - 1. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number, turns: Turns): number {
  const { cosines, sines } = turns;
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = length(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = length(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      return i + 1;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    cosines[i] = c;
    sines[i] = s;
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
  return l;
}

/** Of two sides at a right angle, without overflow. `Math.hypot` takes any number of sides, and ten times as long. */
function length(x: number, y: number): number {
  const a = Math.abs(x);
  const b = Math.abs(y);
  const most = a > b ? a : b;
  const least = a > b ? b : a;
  if (least === 0) return most;
  const ratio = least / most;
  return most * Math.sqrt(1 + ratio * ratio);
}

/** Rotations m - 1 down to `last`, two at a time: a row that both turn is read and written once. */
function rotateRows(rows: Float64Array, n: number, last: number, m: number, turns: Turns): void {
  const { cosines, sines } = turns;
  let i = m - 1;
  for (; i > last; i -= 2) {
    const c = cosines[i]!;
    const s = sines[i]!;
    const c2 = cosines[i - 1]!;
    const s2 = sines[i - 1]!;
    const low = (i - 1) * n;
    const middle = low + n;
    const high = middle + n;
    for (let k = 0; k < n; k++) {
      const x = rows[middle + k]!;
      const y = rows[high + k]!;
      const z = rows[low + k]!;
      const t = c * x - s * y;
      rows[high + k] = s * x + c * y;
      rows[middle + k] = s2 * z + c2 * t;
      rows[low + k] = c2 * z - s2 * t;
    }
  }
  if (i < last) return;
  const c = cosines[i]!;
  const s = sines[i]!;
  const low = i * n;
  for (let k = 0; k < n; k++) {
    const x = rows[low + k]!;
    const y = rows[low + n + k]!;
    rows[low + k] = c * x - s * y;
    rows[low + n + k] = s * x + c * y;
  }
}
