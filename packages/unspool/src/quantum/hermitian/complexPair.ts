/**
 * Complex matrices as pairs of real arrays: the array room has no complex numbers, and none are needed. A Hermitian matrix
 * whose imaginary part is left out is real, and costs a quarter.
 */
import { type Tensor, np } from "../../array/index.ts";
import { matrixProduct } from "./matrixProduct.ts";

/** A complex array: real and imaginary parts of one shape. */
export interface ComplexPair {
  re: Tensor;
  im: Tensor;
}

/** A Hermitian matrix [D, D]: `re` symmetric, `im` antisymmetric. Without `im` it is real. */
export interface HermitianMatrix {
  re: Tensor;
  im?: Tensor;
}

const turned = (x: Tensor): Tensor => np.swapaxes(x, -1, -2) as Tensor;

/** A B of complex matrices. Cost: 4 D³ multiplications, 2 D³ where one is real, D³ where both are. */
export function multiply(a: HermitianMatrix, b: HermitianMatrix): ComplexPair {
  const re = matrixProduct(a.re, b.re);
  if (a.im === undefined && b.im === undefined) return { re, im: np.zerosLike(re) };
  if (a.im === undefined) return { re, im: matrixProduct(a.re, b.im!) };
  if (b.im === undefined) return { re, im: matrixProduct(a.im, b.re) };
  return {
    re: re.sub(matrixProduct(a.im, b.im)),
    im: matrixProduct(a.re, b.im).add(matrixProduct(a.im, b.re)),
  };
}

/** A†: transposed, and the sign of the imaginary part turned. */
export function adjoint(a: ComplexPair): ComplexPair {
  return { re: turned(a.re), im: turned(a.im).neg() };
}

/** U diag(values) U†, for unitary U [D, D] and real values [D]. */
export function fromEigenbasis(u: ComplexPair, values: Tensor): ComplexPair {
  const scaled = { re: u.re.mul(values), im: u.im.mul(values) };
  return multiply(scaled, adjoint(u));
}

/** The diagonal [D] of U† A U, for Hermitian A: expectations of A in the columns of U. */
export function expectations(u: ComplexPair, a: HermitianMatrix): Tensor {
  const turnedBy = multiply(a, u);
  return u.re.mul(turnedBy.re).add(u.im.mul(turnedBy.im)).sum(0);
}

/** tr[A B] of Hermitian matrices, which is real. */
export function traceProduct(a: HermitianMatrix, b: HermitianMatrix): Tensor {
  const re = a.re.mul(b.re).sum();
  return a.im === undefined || b.im === undefined ? re : re.add(a.im.mul(b.im).sum());
}

/** The pair with an imaginary part, of zeros where it has none. */
export function complexPair({ re, im }: HermitianMatrix): ComplexPair {
  return { re, im: im ?? np.zerosLike(re) };
}
