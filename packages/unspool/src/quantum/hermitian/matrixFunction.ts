/**
 * Functions of Hermitian matrices with derivatives that do not mind equal eigenvalues (Daleckii and Krein 1965):
 *
 *     f(A) = V f(λ) Vᵀ,     d f(A)[B] = V ( f[λ_i, λ_j] ∘ (Vᵀ B V) ) Vᵀ
 *
 * on the real embedding of A. The map B ↦ d f(A)[B] is its own adjoint, so reverse mode is the same formula; nothing goes
 * through the derivative of an eigenvector.
 */
import { type Tensor, customVjp, np } from "../../array/index.ts";
import { type ComplexPair, type HermitianMatrix, complexPair } from "./complexPair.ts";
import { embed, unembed } from "./embedding.ts";
import { matrixProduct } from "./matrixProduct.ts";
import { realForm, symmetricEigen } from "./hermitianEigen.ts";
import { isKnown, requireAdjoint } from "./requireAdjoint.ts";
import { requireDomain } from "./requireDomain.ts";
import type { SpectralFunction } from "./spectralFunction.ts";

/** V X Vᵀ. */
export const rotated = (vectors: Tensor, x: Tensor): Tensor =>
  matrixProduct(matrixProduct(vectors, x), np.transpose(vectors) as Tensor);

/** Vᵀ X V. */
export const inEigenbasis = (vectors: Tensor, x: Tensor): Tensor =>
  matrixProduct(matrixProduct(np.transpose(vectors) as Tensor, x), vectors);

/** The matrix [n, n] of g(x_i, x_j). */
export function ofPairs(x: Tensor, g: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const n = x.shape[0]!;
  return g(x.reshape([n, 1]), x.reshape([1, n]));
}

/** A Hermitian matrix in the form that its real one has: embedded, or its real part. */
export const formOf = (a: HermitianMatrix, copies: 1 | 2): Tensor => (copies === 1 ? a.re : embed(a));

/** What a real form stands for. */
export const pairOf = (x: Tensor, copies: 1 | 2): ComplexPair =>
  copies === 1 ? complexPair({ re: x }) : unembed(x);

/** f of a symmetric matrix [n, n]. */
function symmetricFunction(f: SpectralFunction, x: Tensor): Tensor {
  if (!x.isTraced) return applied(f, x)[0];
  const differentiable = customVjp(
    (matrix: Tensor) => applied(f, matrix),
    ([values, vectors], cotangent: Tensor) => [
      rotated(vectors, ofPairs(values, f.slope).mul(inEigenbasis(vectors, cotangent))),
    ],
    { name: `hermitian.${f.name}` },
  );
  return differentiable(x);
}

function applied(f: SpectralFunction, x: Tensor): readonly [Tensor, readonly [Tensor, Tensor]] {
  const [values, vectors] = symmetricEigen(x);
  const scaled = vectors.mul(f.value(values));
  return [matrixProduct(scaled, np.transpose(vectors) as Tensor), [values, vectors]];
}

/**
 * f(A) of a Hermitian matrix [D, D]. Throws `OptionError` for a known A that is not finite, not Hermitian, or has eigenvalues
 * of which f is not; of a traced one the Hermitian part is taken. Cost: an eigensystem of 2D rows, of D where A is real.
 */
export function matrixFunction(f: SpectralFunction, a: HermitianMatrix): ComplexPair {
  const where = `hermitian.${f.name}`;
  requireAdjoint(where, "A", a);
  const { matrix, copies } = realForm(a);
  if (!isKnown(a)) return pairOf(symmetricFunction(f, matrix), copies);
  const [result, [values]] = applied(f, matrix);
  requireDomain(where, f, a, values);
  return pairOf(result, copies);
}

/** tr f(A). Throws what `matrixFunction` does. */
export function traceFunction(f: SpectralFunction, a: HermitianMatrix): Tensor {
  const where = `hermitian.${f.name}`;
  requireAdjoint(where, "A", a);
  const { matrix, copies } = realForm(a);
  if (!isKnown(a)) return np.diagonal(symmetricFunction(f, matrix)).sum().div(copies) as Tensor;
  const [values] = symmetricEigen(matrix);
  requireDomain(where, f, a, values);
  return traceOf(f, values, copies);
}

/** tr f(A) of eigenvalues, each of which comes `copies` times. */
export const traceOf = (f: SpectralFunction, values: Tensor, copies: 1 | 2): Tensor =>
  f.value(values).sum().div(copies) as Tensor;

/** d f(A)[B], the derivative of f(A) along a Hermitian B [D, D]. Throws what `matrixFunction` does, for A and B. */
export function matrixDerivative(f: SpectralFunction, a: HermitianMatrix, b: HermitianMatrix): ComplexPair {
  const where = "hermitian.matrixDerivative";
  requireAdjoint(where, "A", a);
  requireAdjoint(where, "B", b);
  const both = a.im === undefined && b.im === undefined ? a : complexPair(a);
  const { matrix, copies } = realForm(both);
  const [values, vectors] = symmetricEigen(matrix);
  if (isKnown(a)) requireDomain(where, f, a, values);
  const inside = inEigenbasis(vectors, formOf(b, copies));
  return pairOf(rotated(vectors, ofPairs(values, f.slope).mul(inside)), copies);
}
