/**
 * What the solvers of implicit derivatives do about solutions that are none. They run inside of transformations, where no
 * number is known and no error can be thrown: a solution that cannot be trusted is NaN there, and nobody takes it for one.
 */
import { type Tensor, np, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";

/** Throws `OptionError` for a tolerance that is none. */
export function requireTolerance(where: string, tolerance: unknown): void {
  if (tolerance === undefined || (typeof tolerance === "number" && tolerance > 0)) return;
  const hint = "It is the largest |b - A x| / |b| of a solution; Infinity takes what there is.";
  throw new OptionError(where, "tolerance", tolerance, "a number above 0", hint);
}

/** x, or NaN where this is not so (bool scalar). */
export function trusted<T>(x: T, isSound: Tensor): T {
  return tree.map((leaf) => np.where(isSound, leaf, NaN).astype(leaf.dtype) as Tensor, x);
}

/** Two vectors like b that no structure of a matrix is likely to know. */
function probe<T>(b: T, step: number): T {
  return tree.map(({ size, shape, dtype }) => {
    const values = Array.from({ length: size }, (_, i) => Math.cos(step * (i + 1)));
    return np.array(values, { dtype }).reshape([...shape]);
  }, b);
}

/** Whether u·(A w) = w·(A u) for two vectors but for rounding: bool scalar. Cost: two products. */
export function isSymmetric<T>(matvec: (v: T) => T, b: T): Tensor {
  const [u, w] = [probe(b, 1.7), probe(b, 2.3)];
  const [Au, Aw] = [matvec(u), matvec(w)];
  const size = np.maximum(tree.dot(u, u).mul(tree.dot(Aw, Aw)), tree.dot(w, w).mul(tree.dot(Au, Au)));
  const digits = tree.floatType(b) === "float64" ? 1e-8 : 1e-3;
  return np.abs(tree.dot(u, Aw).sub(tree.dot(w, Au))).lessEqual(np.sqrt(size).mul(digits)) as Tensor;
}

/** |b - A x| / |b|, float64; 0 for b = 0. Cost: one product. */
export function residualOf<T>(matvec: (v: T) => T, b: T, x: T): Tensor {
  const left = tree.subtract(b, matvec(x));
  const square = tree.dot(b, b);
  const isZero = square.equal(0);
  return np.sqrt(np.where(isZero, 0, tree.dot(left, left)).div(np.where(isZero, 1, square)));
}
