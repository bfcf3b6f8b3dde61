/**
 * The complex Schur form A = Z T Z*, with Z unitary and T upper triangular: Hessenberg form by rotations, then QR steps
 * with Wilkinson's shift and deflation (Golub and Van Loan, chapter 7). Cost: about 40 n³.
 */
import { UnspoolError } from "../errors.ts";
import type { SquareMatrix } from "./squareMatrix.ts";
import {
  type Complex,
  type ComplexMatrix,
  identity,
  modulus,
  quotient,
  squareRoot,
  times,
} from "./complexMatrix.ts";

const epsilon = 2 ** -52;
/** QR steps for one eigenvalue; a few suffice, each tenth gets an exceptional shift. */
const mostSteps = 60;

export interface SchurForm {
  /** T: eigenvalues on the diagonal. */
  triangle: ComplexMatrix;
  /** Z. */
  basis: ComplexMatrix;
}

export function complexSchur({ size: n, entries }: SquareMatrix): SchurForm {
  const t = { size: n, re: entries.slice(), im: new Float64Array(n * n) };
  const z = { size: n, re: identity(n), im: new Float64Array(n * n) };
  // Column by column, rotations of neighbouring rows make zeros from the bottom up to below the subdiagonal.
  for (let k = 0; k < n - 2; k++) {
    for (let i = n - 1; i > k + 1; i--) eliminate(t, z, i - 1, i, k);
  }
  const norm = Math.max(Number.MIN_VALUE, Math.hypot(...entries));
  for (let last = n - 1, steps = 0; last > 0;) {
    const first = blockStart(t, last, norm);
    if (first === last) {
      last -= 1;
      steps = 0;
      continue;
    }
    if (steps === mostSteps) {
      const message = `eigensystem: the QR algorithm did not converge on a matrix of ${n} rows.`;
      throw new UnspoolError("CONVERGENCE", message, { size: n });
    }
    steps += 1;
    qrStep(t, z, first, last, steps % 10 === 0 ? exceptionalShift(t, last) : wilkinsonShift(t, last));
  }
  return { triangle: t, basis: z };
}

function at({ size, re, im }: ComplexMatrix, i: number, j: number): Complex {
  return { re: re[i * size + j]!, im: im[i * size + j]! };
}

function put({ size, re, im }: ComplexMatrix, i: number, j: number, value: Complex): void {
  re[i * size + j] = value.re;
  im[i * size + j] = value.im;
}

/** Where the unreduced block that ends at `last` begins; negligible subdiagonal numbers become 0. */
function blockStart(t: ComplexMatrix, last: number, norm: number): number {
  for (let i = last; i > 0; i--) {
    const beside = modulus(at(t, i - 1, i - 1)) + modulus(at(t, i, i));
    if (modulus(at(t, i, i - 1)) > epsilon * (beside === 0 ? norm : beside)) continue;
    put(t, i, i - 1, { re: 0, im: 0 });
    return i;
  }
  return 0;
}

/** The eigenvalue of the last 2x2 block that is nearer to its last number. */
function wilkinsonShift(t: ComplexMatrix, last: number): Complex {
  const [a, b] = [at(t, last - 1, last - 1), at(t, last - 1, last)];
  const [c, d] = [at(t, last, last - 1), at(t, last, last)];
  const half = { re: (a.re - d.re) / 2, im: (a.im - d.im) / 2 };
  const product = times(b, c);
  const square = times(half, half);
  const root = squareRoot({ re: square.re + product.re, im: square.im + product.im });
  const isSame = half.re * root.re + half.im * root.im >= 0;
  const far = isSame
    ? { re: half.re + root.re, im: half.im + root.im }
    : { re: half.re - root.re, im: half.im - root.im };
  if (modulus(far) === 0) return d;
  const step = quotient(product, far);
  return { re: d.re - step.re, im: d.im - step.im };
}

/** Nobody's eigenvalue, to break cycles. */
function exceptionalShift(t: ComplexMatrix, last: number): Complex {
  const { re, im } = at(t, last, last);
  return { re: re + modulus(at(t, last, last - 1)), im };
}

/** T - shift = Q R, then R Q + shift, with Q from rotations of neighbouring rows of the block. */
function qrStep(t: ComplexMatrix, z: ComplexMatrix, first: number, last: number, shift: Complex): void {
  const { size: n } = t;
  const move = (by: number): void => {
    for (let i = first; i <= last; i++) {
      t.re[i * n + i]! += by * shift.re;
      t.im[i * n + i]! += by * shift.im;
    }
  };
  move(-1);
  const rotations: Rotation[] = [];
  for (let k = first; k < last; k++) {
    const rotation = rotationOf(at(t, k, k), at(t, k + 1, k));
    rotateRows(t, rotation, k, k + 1, k);
    put(t, k + 1, k, { re: 0, im: 0 });
    rotations.push(rotation);
  }
  rotations.forEach((rotation, i) => {
    const k = first + i;
    rotateColumns(t, rotation, k, k + 1, Math.min(k + 2, last + 1));
    rotateColumns(z, rotation, k, k + 1, n);
  });
  move(1);
  // Outside of the block rows saw no shift: columns left of it are 0, those right of it are moved by Q alone.
}

/** A similarity by a rotation of two rows that makes entry [lower, column] 0. */
function eliminate(t: ComplexMatrix, z: ComplexMatrix, upper: number, lower: number, column: number): void {
  const rotation = rotationOf(at(t, upper, column), at(t, lower, column));
  rotateRows(t, rotation, upper, lower, column);
  put(t, lower, column, { re: 0, im: 0 });
  rotateColumns(t, rotation, upper, lower, t.size);
  rotateColumns(z, rotation, upper, lower, z.size);
}

/** [[c, s], [-s̄, c]] with real c. */
interface Rotation {
  c: number;
  s: Complex;
}

/** The rotation that turns (x, y) into (·, 0). */
function rotationOf(x: Complex, y: Complex): Rotation {
  const [sizeX, sizeY] = [modulus(x), modulus(y)];
  if (sizeY === 0) return { c: 1, s: { re: 0, im: 0 } };
  if (sizeX === 0) return { c: 0, s: { re: y.re / sizeY, im: -y.im / sizeY } };
  const length = Math.hypot(sizeX, sizeY);
  const phase = times(x, { re: y.re, im: -y.im });
  const scale = 1 / (sizeX * length);
  return { c: sizeX / length, s: { re: phase.re * scale, im: phase.im * scale } };
}

function rotateRows(m: ComplexMatrix, { c, s }: Rotation, a: number, b: number, from: number): void {
  const { size: n, re, im } = m;
  for (let j = from; j < n; j++) {
    const [p, q] = [a * n + j, b * n + j];
    const [x, xi, y, yi] = [re[p]!, im[p]!, re[q]!, im[q]!];
    re[p] = c * x + s.re * y - s.im * yi;
    im[p] = c * xi + s.re * yi + s.im * y;
    re[q] = c * y - s.re * x - s.im * xi;
    im[q] = c * yi - s.re * xi + s.im * x;
  }
}

/** Columns times the conjugate transpose of the rotation, in rows below `rows`. */
function rotateColumns(m: ComplexMatrix, { c, s }: Rotation, a: number, b: number, rows: number): void {
  const { size: n, re, im } = m;
  for (let i = 0; i < rows; i++) {
    const [p, q] = [i * n + a, i * n + b];
    const [x, xi, y, yi] = [re[p]!, im[p]!, re[q]!, im[q]!];
    re[p] = c * x + s.re * y + s.im * yi;
    im[p] = c * xi + s.re * yi - s.im * y;
    re[q] = c * y - s.re * x + s.im * xi;
    im[q] = c * yi - s.re * xi - s.im * x;
  }
}
