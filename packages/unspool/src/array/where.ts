/** Selection by a condition of any dtype, from operands in one dtype. */
import * as jax from "@jax-js/jax";
import { directSelection } from "./direct.ts";
import { isTensor, lift } from "./lift.ts";
import { promote } from "./promotion.ts";
import { arithmetic } from "./promotionTable.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

const select = directSelection(lift(jax.numpy.where));

/** True where x is not 0, also for NaN (jax-js on its interpreter: false). */
export function truth(x: TensorLike): Tensor | boolean {
  if (!isTensor(x)) return Boolean(x);
  return x.dtype === "bool" ? x : x.notEqual(0);
}

/** `x` where the condition is true (not 0), else `y`. */
export function where(condition: TensorLike, x: TensorLike, y: TensorLike): Tensor {
  return select(truth(condition), ...promote("np.where", arithmetic, [x, y])) as Tensor;
}
