/** Gates on all columns of a unitary at once, in real arithmetic. */
import { type Tensor, np } from "../../array/index.ts";
import type { ComplexPair } from "../hermitian/index.ts";

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

/** i U† H_k U of real H_k, for products H_k U [k, D, D]: [k, D, D]. */
export function turnedGenerators(u: ComplexPair, products: ComplexPair): ComplexPair {
  const [count, size] = products.re.shape as [number, number];
  // One product of all: U† [D, D] times [D, k · D].
  const wide = (x: Tensor): Tensor => (np.transpose(x, [1, 0, 2]) as Tensor).reshape([size, count * size]);
  const narrow = (x: Tensor): Tensor => np.transpose(x.reshape([size, count, size]), [1, 0, 2]) as Tensor;
  const [re, im] = [np.transpose(u.re) as Tensor, np.transpose(u.im) as Tensor];
  const [b, c] = [wide(products.re), wide(products.im)];
  const times = (x: Tensor, y: Tensor): Tensor => np.matmul(x, y) as Tensor;
  // U† (B + iC) = (re B + im C) + i (re C - im B), times i.
  return {
    re: narrow(times(im, b).sub(times(re, c))),
    im: narrow(times(re, b).add(times(im, c))),
  };
}
