/** Polynomials by Horner's rule. */
import type { Tensor } from "../array/index.ts";

/** c_0 + c_1 x + c_2 x² + …, of at least two coefficients. */
export function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  const [highest, next, ...rest] = coefficients.toReversed() as [number, number, ...number[]];
  return rest.reduce((sum, c) => sum.mul(x).add(c), x.mul(highest).add(next));
}
