/** Complex numbers, and square matrices of them, as pairs of real ones. */
import type { SquareMatrix } from "./squareMatrix.ts";

export interface Complex {
  re: number;
  im: number;
}

/** Row by row, [n * n] each. */
export interface ComplexMatrix {
  readonly size: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function modulus({ re, im }: Complex): number {
  return Math.hypot(re, im);
}

export function times(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

/** a / b by Smith's method (1962), which does not square b. */
export function quotient(a: Complex, b: Complex): Complex {
  if (Math.abs(b.re) >= Math.abs(b.im)) {
    const ratio = b.im / b.re;
    const scale = b.re + b.im * ratio;
    return { re: (a.re + a.im * ratio) / scale, im: (a.im - a.re * ratio) / scale };
  }
  const ratio = b.re / b.im;
  const scale = b.re * ratio + b.im;
  return { re: (a.re * ratio + a.im) / scale, im: (a.im * ratio - a.re) / scale };
}

/** The root with a real part of at least 0. */
export function squareRoot({ re, im }: Complex): Complex {
  const size = Math.hypot(re, im);
  if (size === 0) return { re: 0, im: 0 };
  const real = Math.sqrt((size + Math.abs(re)) / 2);
  const other = im / (2 * real);
  return re >= 0 ? { re: real, im: other } : { re: Math.abs(other), im: im < 0 ? -real : real };
}

/**
 * The inverse, by elimination with exchange of rows. A pivot of 0 becomes the smallest one that division survives: the
 * inverse of a singular matrix is huge, and its condition says so.
 */
export function inverse({ size: n, re, im }: ComplexMatrix): ComplexMatrix {
  const left = { re: re.slice(), im: im.slice() };
  const right = { re: identity(n), im: new Float64Array(n * n) };
  const both = [left, right];
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (sizeAt(left, i * n + k) > sizeAt(left, pivot * n + k)) pivot = i;
    if (pivot !== k) for (const half of both) exchangeRows(half, n, k, pivot);
    if (sizeAt(left, k * n + k) === 0) left.re[k * n + k] = Number.EPSILON ** 2;
    const factor = quotient({ re: 1, im: 0 }, { re: left.re[k * n + k]!, im: left.im[k * n + k]! });
    for (const half of both) scaleRow(half, n, k, factor);
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const by = { re: left.re[i * n + k]!, im: left.im[i * n + k]! };
      if (by.re !== 0 || by.im !== 0) for (const half of both) subtractRow(half, n, i, k, by);
    }
  }
  return { size: n, ...right };
}

/** The real matrix [[re, -im], [im, re]], which has every singular value twice. */
export function asReal({ size: n, re, im }: ComplexMatrix): SquareMatrix {
  const entries = new Float64Array(4 * n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b] = [re[i * n + j]!, im[i * n + j]!];
      entries[i * 2 * n + j] = a;
      entries[i * 2 * n + j + n] = -b;
      entries[(i + n) * 2 * n + j] = b;
      entries[(i + n) * 2 * n + j + n] = a;
    }
  }
  return { size: 2 * n, entries };
}

export function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
}

interface Parts {
  re: Float64Array;
  im: Float64Array;
}

function sizeAt({ re, im }: Parts, k: number): number {
  return Math.hypot(re[k]!, im[k]!);
}

function exchangeRows({ re, im }: Parts, n: number, a: number, b: number): void {
  for (const part of [re, im]) {
    const kept = part.slice(a * n, (a + 1) * n);
    part.copyWithin(a * n, b * n, (b + 1) * n);
    part.set(kept, b * n);
  }
}

function scaleRow({ re, im }: Parts, n: number, row: number, by: Complex): void {
  for (let k = row * n; k < (row + 1) * n; k++) {
    const [x, y] = [re[k]!, im[k]!];
    re[k] = x * by.re - y * by.im;
    im[k] = x * by.im + y * by.re;
  }
}

/** Row `row` less `by` times row `other`. */
function subtractRow({ re, im }: Parts, n: number, row: number, other: number, by: Complex): void {
  for (let j = 0; j < n; j++) {
    const [x, y] = [re[other * n + j]!, im[other * n + j]!];
    re[row * n + j]! -= x * by.re - y * by.im;
    im[row * n + j]! -= x * by.im + y * by.re;
  }
}
