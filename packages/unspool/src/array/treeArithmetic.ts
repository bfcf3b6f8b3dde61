/**
 * Arithmetic of trees, leaf by leaf: what estimators, optimizers and diagnostics do with theta, states and gradients,
 * concrete or traced. Where a sum starts and which operand is converted is part of what a function is: compiled, it
 * decides which products are fused with which sums, and so the last bits.
 */
import type { DType } from "./dtype.ts";
import { np } from "./np.ts";
import type { Tensor } from "./tensor.ts";
import { floatType, leaves, map } from "./tree.ts";

/** `x` in the dtype of `like`. */
const inTypeOf = (like: Tensor, x: Tensor): Tensor => (x.dtype === like.dtype ? x : x.astype(like.dtype));

/** a + b, in the dtypes of a. */
export function add<T>(a: T, b: unknown): T {
  return map((x, y) => x.add(inTypeOf(x, y!)), a, b);
}

/** a - b, in the dtypes of a. */
export function subtract<T>(a: T, b: unknown): T {
  return map((x, y) => x.sub(inTypeOf(x, y!)), a, b);
}

/** Every leaf times a number or a scalar tensor, in the dtype that the two have together. */
export function scale<T>(a: T, by: Tensor | number): T {
  return map((x) => x.mul(by), a);
}

/** `chosen` where `condition` (a bool scalar) holds, else `other`: no NaN crosses over. */
export function select<T>(condition: Tensor, chosen: T, other: unknown): T {
  return map((x, y) => np.where(condition, x, y!), chosen, other);
}

/** Every leaf in this dtype. */
export function astype<T>(a: T, dtype: DType): T {
  return map((x) => x.astype(dtype), a);
}

/** Zeros of the shapes of the leaves, and of their dtypes unless one is given. */
export function zerosLike<T>(a: T, dtype?: DType): T {
  return map((x) => np.zeros(x.shape, { dtype: dtype ?? x.dtype }), a);
}

/** The sum of the leaves, which have one shape. There must be one at least. */
export function total(a: unknown): Tensor {
  return leaves(a).reduce((sum, x) => sum.add(x));
}

/** Scalar product over all leaves, in float64. */
export function dot(a: unknown, b: unknown): Tensor {
  return total(map((x, y) => x.astype("float64").mul(y!.astype("float64")).sum(), a, b));
}

/** Euclidean norm over all leaves, in the tree's float type. Its squares can overflow, and at 0 it has no derivative. */
export function norm(a: unknown): Tensor {
  const dtype = floatType(a);
  const squares = leaves(a).map((leaf) => {
    const x = leaf.dtype === dtype ? leaf : leaf.astype(dtype);
    return x.mul(x).sum();
  });
  return np.sqrt(total(squares));
}
