/**
 * Eigensystems of Hermitian matrices by way of their real embedding. Never differentiated: where eigenvalues coincide, as
 * they all do in an embedding, eigenvectors have no derivative. What is differentiated are functions of the matrix.
 */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { symmetricEigensystem } from "../../numerics/index.ts";
import type { ComplexPair, HermitianMatrix } from "./complexPair.ts";
import { embed } from "./embedding.ts";
import { isKnown, requireAdjoint } from "./requireAdjoint.ts";

/** A symmetric matrix [n, n] that has the eigenvalues of the Hermitian one, each `copies` times. */
export interface RealForm {
  matrix: Tensor;
  /** 1 for real matrices, 2 for embeddings. */
  copies: 1 | 2;
}

/** The matrix itself where it is real, else its embedding; symmetrised, as rounding is not. */
export function realForm(a: HermitianMatrix): RealForm {
  const matrix = a.im === undefined ? a.re : embed(a);
  const symmetric = matrix.add(np.transpose(matrix) as Tensor).mul(0.5);
  return { matrix: symmetric, copies: a.im === undefined ? 1 : 2 };
}

/**
 * Rising eigenvalues [n] and eigenvectors, as columns [n, n], of a symmetric matrix: outside of traces by tridiagonal form,
 * inside by Jacobi rotations.
 */
export function symmetricEigen(x: Tensor): [values: Tensor, vectors: Tensor] {
  if (x.isTraced) return linalg.eigh(x);
  const n = x.shape[0]!;
  const { values, vectors } = symmetricEigensystem({ size: n, entries: Float64Array.from(x.data) });
  const dtype = "float64";
  return [np.array(values, { dtype }), np.transpose(np.array(vectors, { shape: [n, n], dtype })) as Tensor];
}

/** Two eigenvalues this near each other, by the largest, are one. */
const tie = 1e-9;

/**
 * Rising eigenvalues [D] and complex eigenvectors, as columns [D, D], of a Hermitian matrix. Outside of traces only: of the
 * 2D real eigenvectors D are chosen that are orthogonal as complex ones. Throws `OptionError` for a matrix that is traced, not
 * finite or not Hermitian. Cost: about 64 D³ operations.
 */
export function eigh(a: HermitianMatrix): { values: Tensor; vectors: ComplexPair } {
  requireAdjoint("hermitian.eigh", "the matrix", a);
  if (!isKnown(a))
    throw new OptionError(
      "hermitian.eigh",
      "the matrix",
      a.re,
      "known, outside of traces",
      "Inside, take a function of the matrix: hermitian.exp, .log, .sqrt.",
    );
  const { matrix, copies } = realForm(a);
  const [values, vectors] = symmetricEigen(matrix);
  if (copies === 1) return { values, vectors: { re: vectors, im: np.zerosLike(vectors) } };
  return halved(values.data, vectors.data, a.re.shape[0]!);
}

/** Of 2D real eigenvectors (x; y) D complex ones x + i y, orthonormal within each eigenvalue by Gram-Schmidt with pivots. */
function halved(values: ArrayLike<number>, vectors: ArrayLike<number>, d: number) {
  const n = 2 * d;
  const [re, im] = [new Float64Array(d * d), new Float64Array(d * d)];
  const kept = new Float64Array(d);
  const scale = Math.max(Math.abs(values[0]!), Math.abs(values[n - 1]!), Number.MIN_VALUE);
  let done = 0;
  for (let from = 0; from < n;) {
    let to = from + 1;
    while (to < n && values[to]! - values[to - 1]! <= tie * scale) to++;
    const group = Array.from({ length: to - from }, (_, k) => {
      const at = (row: number): number => vectors[row * n + from + k]!;
      return {
        re: Float64Array.from({ length: d }, (__, i) => at(i)),
        im: Float64Array.from({ length: d }, (__, i) => at(d + i)),
      };
    });
    for (let k = 0; k < (to - from) / 2; k++, done++) {
      const best = group.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a));
      const length = lengthOf(best);
      const unit = { re: best.re.map((x) => x / length), im: best.im.map((x) => x / length) };
      group.forEach((one) => withdraw(one, unit));
      for (let i = 0; i < d; i++) [re[i * d + done], im[i * d + done]] = [unit.re[i]!, unit.im[i]!];
      kept[done] = values[from + 2 * k]!;
    }
    from = to;
  }
  const dtype = "float64";
  const pair = { re: np.array(re, { shape: [d, d], dtype }), im: np.array(im, { shape: [d, d], dtype }) };
  return { values: np.array(kept, { dtype }), vectors: pair };
}

interface Vector {
  re: Float64Array;
  im: Float64Array;
}

const lengthOf = ({ re, im }: Vector): number => Math.hypot(...re, ...im);

/** Takes the part along a unit vector away, in place. */
function withdraw(x: Vector, unit: Vector): void {
  let [a, b] = [0, 0];
  for (let i = 0; i < x.re.length; i++) {
    a += unit.re[i]! * x.re[i]! + unit.im[i]! * x.im[i]!;
    b += unit.re[i]! * x.im[i]! - unit.im[i]! * x.re[i]!;
  }
  for (let i = 0; i < x.re.length; i++) {
    x.re[i]! -= a * unit.re[i]! - b * unit.im[i]!;
    x.im[i]! -= a * unit.im[i]! + b * unit.re[i]!;
  }
}
