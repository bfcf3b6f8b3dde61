/** Constants of formulas in the dtype of what they are computed with. */
import { type Tensor, np, tree } from "../../array/index.ts";

/** A vector of numbers in the dtype of `like`. */
export function numbersLike(like: unknown, numbers: readonly number[]): Tensor {
  return np.array([...numbers], { dtype: tree.floatType(like) });
}

/** The numbers of a vector of `count`, one scalar each. */
export function split(vector: Tensor, count: number): Tensor[] {
  return Array.from({ length: count }, (_, i) => vector.slice(i));
}

/** log N(x; mean, deviation²) with its constant. */
export function normalLogProb(x: Tensor, mean: Tensor | number, deviation: Tensor): Tensor {
  const z = x.sub(mean).div(deviation);
  return z
    .mul(z)
    .mul(-0.5)
    .sub(np.log(deviation) as Tensor)
    .sub(0.5 * Math.log(2 * Math.PI));
}
