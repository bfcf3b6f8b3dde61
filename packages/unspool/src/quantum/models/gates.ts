/** Gates on all columns of a unitary at once, in real arithmetic. */
import { type Tensor, np } from "../../array/index.ts";
import type { ComplexPair } from "../hermitian/index.ts";
import { matrixProduct } from "../hermitian/matrixProduct.ts";

/** Rows of [2ⁿ, …] permuted by flipping the bit of one qubit. */
export function flipped(x: Tensor, qubit: number): Tensor {
  const [size, ...rest] = x.shape;
  const columns = rest.reduce((product, length) => product * length, 1);
  const halves = x.reshape([2 ** qubit, 2, size! / 2 ** (qubit + 1), columns]);
  return (np.flip(halves, 1) as Tensor).reshape([...x.shape]);
}

/** X^a = cos(πa/2) - i sin(πa/2) X of one qubit, after U. `cosine` and `sine` are scalars. */
export function rotateX(u: ComplexPair, qubit: number, cosine: Tensor, sine: Tensor): ComplexPair {
  return {
    re: u.re.mul(cosine).add(flipped(u.im, qubit).mul(sine)),
    im: u.im.mul(cosine).sub(flipped(u.re, qubit).mul(sine)),
  };
}

/** diag(exp(i angles)) after U: row b is multiplied by exp(i angles_b). */
export function phase(u: ComplexPair, angles: Tensor): ComplexPair {
  const column = angles.reshape([angles.shape[0]!, 1]);
  const [cosine, sine] = [np.cos(column), np.sin(column)];
  return {
    re: u.re.mul(cosine).sub(u.im.mul(sine)),
    im: u.re.mul(sine).add(u.im.mul(cosine)),
  };
}

/** The identity [D, D] in float64. */
export function identity(size: number): ComplexPair {
  const re = np.eye(size).astype("float64");
  return { re, im: np.zerosLike(re) };
}

/** Uᵀ with its columns permuted by flipping the bit of one qubit: (X_q U)ᵀ. */
export function flippedColumns(x: Tensor, qubit: number): Tensor {
  const [rows, size] = x.shape as [number, number];
  const halves = x.reshape([rows * 2 ** qubit, 2, size / 2 ** (qubit + 1)]);
  return (np.flip(halves, 1) as Tensor).reshape([rows, size]);
}

/**
 * G_k = i U† H_k U of real symmetric H_k [k, D, D], for the transposed products (H_k U)ᵀ: one product of all of them. It is
 * Gᵀ that comes out of that, and Gᵀ = -conj(G).
 */
export function turnedGenerators(u: ComplexPair, transposed: ComplexPair): ComplexPair {
  const [count, size] = transposed.re.shape as [number, number];
  const tall = (x: Tensor): Tensor => x.reshape([count * size, size]);
  const [b, c] = [tall(transposed.re), tall(transposed.im)];
  return {
    re: matrixProduct(c, u.re).sub(matrixProduct(b, u.im)).reshape([count, size, size]),
    im: matrixProduct(b, u.re).add(matrixProduct(c, u.im)).reshape([count, size, size]),
  };
}
