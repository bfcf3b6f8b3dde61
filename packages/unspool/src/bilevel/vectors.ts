/** Trees of weights as vectors: what solvers of linear systems do with them. */
import { type Tensor, np, tree } from "../array/index.ts";

const inTypeOf = (like: Tensor, by: Tensor | number): Tensor | number =>
  typeof by === "number" || by.dtype === like.dtype ? by : by.astype(like.dtype);

/** x + a · d, in the dtypes of x. */
export function addScaled<T>(x: T, a: Tensor | number, d: T): T {
  return tree.map((leaf, along) => leaf.add(along!.mul(inTypeOf(leaf, a))), x, d);
}

/** a · x, in the dtypes of x. */
export function scaled<T>(a: Tensor | number, x: T): T {
  return tree.map((leaf) => leaf.mul(inTypeOf(leaf, a)), x);
}

/** Euclidean norm over all leaves, in float64. */
export function length(x: unknown): Tensor {
  return np.sqrt(tree.dot(x, x));
}

/** Leaves one after the other, [n]. */
export function asVector(x: unknown): Tensor {
  const parts = tree.leaves(x).map((leaf) => leaf.reshape([leaf.size]));
  return parts.length === 1 ? parts[0]! : np.concatenate(parts);
}

/** The tree like `like` of a vector [n], in its dtypes. */
export function fromVector<T>(like: T, vector: Tensor): T {
  let at = 0;
  return tree.map((leaf) => {
    const part = vector.slice([at, at + leaf.size]).reshape([...leaf.shape]);
    at += leaf.size;
    return part.dtype === leaf.dtype ? part : part.astype(leaf.dtype);
  }, like);
}
