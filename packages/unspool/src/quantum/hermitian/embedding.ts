/**
 * A complex matrix as a real one of twice the size,
 *
 *     Φ(A) = [[Re A, -Im A], [Im A, Re A]],     Φ(A B) = Φ(A) Φ(B),   Φ(A†) = Φ(A)ᵀ,   tr A = ½ tr Φ(A),   f(Φ(A)) = Φ(f(A)).
 *
 * Hermitian matrices become symmetric ones, whose every eigenvalue comes twice.
 */
import { type Tensor, np } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import type { ComplexPair, HermitianMatrix } from "./complexPair.ts";

const join = (parts: readonly Tensor[], axis: number): Tensor => np.concatenate([...parts], axis) as Tensor;

/** Φ(A) [2D, 2D] of a complex matrix [D, D]. */
export function embed({ re, im = np.zerosLike(re) }: HermitianMatrix): Tensor {
  return join([join([re, im.neg()], 1), join([im, re], 1)], 0);
}

/** A [D, D] of Φ(A) [2D, 2D]: means of its two copies. Throws `ShapeError` for an odd or unequal number of rows. */
export function unembed(x: Tensor): ComplexPair {
  const size = x.shape[0]!;
  if (x.ndim !== 2 || x.shape[1] !== size || size % 2 !== 0)
    throw new ShapeError("unembed", `the matrix must be [2D, 2D], got ${x.toString()}.`);
  const d = size / 2;
  const block = (i: number, j: number): Tensor => x.slice([i * d, (i + 1) * d], [j * d, (j + 1) * d]);
  return {
    re: block(0, 0).add(block(1, 1)).mul(0.5),
    im: block(1, 0).sub(block(0, 1)).mul(0.5),
  };
}
