/**
 * Eigenvalues and both sides' eigenvectors of a real matrix: A = R diag(λ) L', with L' R = I. From the complex Schur
 * form by back substitution; pairs are exactly conjugate, vectors of real eigenvalues real. L' is the inverse of R and
 * not its transpose: A need not be symmetric.
 */
import { singularValues } from "./singularValues.ts";
import type { SquareMatrix } from "./squareMatrix.ts";
import { type ComplexMatrix, asReal, inverse, quotient } from "./complexMatrix.ts";
import { complexSchur } from "./complexSchur.ts";

const epsilon = 2 ** -52;

export interface Eigensystem {
  /** Falling in modulus; of a pair the one with positive imaginary part first. */
  re: Float64Array;
  im: Float64Array;
  /** R: eigenvector j, of length 1, is column j. */
  right: ComplexMatrix;
  /** L': its partner is row j; plain product with column k of R is 1 for j = k, else 0. */
  left: ComplexMatrix;
  /** Condition number of R: about 1 for a normal matrix, beyond 1e8 the vectors mean little (defective). */
  condition: number;
}

export function eigensystem(matrix: SquareMatrix): Eigensystem {
  const { size: n } = matrix;
  const { triangle, basis } = complexSchur(matrix);
  const vectors = Array.from({ length: n }, (_, k) => eigenvector(triangle, basis, k));
  const pairs = conjugatePairs(vectors, Math.hypot(...matrix.entries)).toSorted(
    (a, b) => Math.hypot(b.re, b.im) - Math.hypot(a.re, a.im) || b.re - a.re || b.im - a.im,
  );
  const right = { size: n, re: new Float64Array(n * n), im: new Float64Array(n * n) };
  pairs.forEach(({ vector }, j) => {
    for (let i = 0; i < n; i++) {
      right.re[i * n + j] = vector.re[i]!;
      right.im[i * n + j] = vector.im[i]!;
    }
  });
  const singular = singularValues(asReal(right));
  return {
    re: Float64Array.from(pairs, ({ re }) => re),
    im: Float64Array.from(pairs, ({ im }) => im),
    right,
    left: withExactPairs(inverse(right), pairs),
    condition: n === 0 ? 1 : singular[0]! / singular.at(-1)!,
  };
}

/** Rows of real eigenvalues made real, those of pairs conjugate: rounding of the inverse leaves them nearly so. */
function withExactPairs(left: ComplexMatrix, pairs: readonly Eigenpair[]): ComplexMatrix {
  const { size: n, re, im } = left;
  pairs.forEach((pair, j) => {
    if (pair.im === 0) im.fill(0, j * n, (j + 1) * n);
    const partner = pairs[j + 1];
    if (pair.im <= 0 || partner?.re !== pair.re || partner.im !== -pair.im) return;
    for (let k = j * n; k < (j + 1) * n; k++) [re[k + n], im[k + n]] = [re[k]!, -im[k]!];
  });
  return left;
}

interface Eigenpair {
  re: number;
  im: number;
  vector: { re: Float64Array; im: Float64Array };
}

/** Z y with T y = λ_k y, y_k = 1. Equal eigenvalues are told apart by rounding. */
function eigenvector(t: ComplexMatrix, z: ComplexMatrix, k: number): Eigenpair {
  const { size: n } = t;
  const [re, im] = [t.re[k * n + k]!, t.im[k * n + k]!];
  const smallest = epsilon * Math.max(Math.hypot(...t.re), Number.MIN_VALUE / epsilon);
  const y = { re: new Float64Array(n), im: new Float64Array(n) };
  y.re[k] = 1;
  for (let i = k - 1; i >= 0; i--) {
    const sum = { re: 0, im: 0 };
    for (let j = i + 1; j <= k; j++) {
      const [a, b, c, d] = [t.re[i * n + j]!, t.im[i * n + j]!, y.re[j]!, y.im[j]!];
      sum.re -= a * c - b * d;
      sum.im -= a * d + b * c;
    }
    const gap = { re: t.re[i * n + i]! - re, im: t.im[i * n + i]! - im };
    const value = quotient(sum, Math.hypot(gap.re, gap.im) < smallest ? { re: smallest, im: 0 } : gap);
    y.re[i] = value.re;
    y.im[i] = value.im;
  }
  return { re, im, vector: unitVector(product(z, y)) };
}

function product({ size: n, re, im }: ComplexMatrix, y: Eigenpair["vector"]): Eigenpair["vector"] {
  const x = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b, c, d] = [re[i * n + j]!, im[i * n + j]!, y.re[j]!, y.im[j]!];
      x.re[i]! += a * c - b * d;
      x.im[i]! += a * d + b * c;
    }
  }
  return x;
}

/** Length 1, the largest element real and positive. */
function unitVector({ re, im }: Eigenpair["vector"]): Eigenpair["vector"] {
  const sizes = re.map((x, i) => Math.hypot(x, im[i]!));
  const top = sizes.indexOf(Math.max(...sizes));
  const scale = 1 / (Math.hypot(...sizes) * sizes[top]!);
  const phase = { re: re[top]! * scale, im: -im[top]! * scale };
  return {
    re: re.map((x, i) => x * phase.re - im[i]! * phase.im),
    im: re.map((x, i) => x * phase.im + im[i]! * phase.re),
  };
}

/** Rounding leaves conjugates nearly so; the upper half plane decides. Imaginary parts below rounding become 0. */
function conjugatePairs(found: readonly Eigenpair[], norm: number): Eigenpair[] {
  const least = 32 * epsilon * norm;
  const upper = found.filter(({ im }) => im > least);
  const lower = found.filter(({ im }) => im < -least);
  if (upper.length !== lower.length) return [...found];
  const real = found.filter(({ im }) => Math.abs(im) <= least);
  return [
    ...real.map(({ re, vector }) => ({ re, im: 0, vector: realVector(vector.re) })),
    ...upper.flatMap((one) => [one, conjugate(one)]),
  ];
}

function realVector(re: Float64Array): Eigenpair["vector"] {
  const length = Math.hypot(...re);
  return { re: re.map((x) => x / length), im: new Float64Array(re.length) };
}

function conjugate({ re, im, vector }: Eigenpair): Eigenpair {
  return { re, im: -im, vector: { re: vector.re, im: vector.im.map((x) => -x) } };
}
