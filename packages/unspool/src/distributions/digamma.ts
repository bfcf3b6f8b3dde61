/**
 * The derivative of log Γ by its asymptotic series (Abramowitz and Stegun 6.3.18 and 6.3.6), of y = x + 8 below x = 8 and of
 * y = x from there on:
 *
 *     ψ(y) = log y - 1 / (2 y) - sum B_2n / (2 n y^(2 n)),   ψ(x) = ψ(x + 8) - sum 1 / (x + k), k = 0 … 7
 *
 * Computed in float64 whatever the dtype, as `logGamma` is.
 */
import { type Tensor, np } from "../array/index.ts";
import { seriesFrom } from "./logGamma.ts";
import { polynomial } from "./polynomial.ts";

/** B_2n / (2 n), n = 1 … 8. */
const coefficients: readonly number[] = [
  1 / 12,
  -1 / 120,
  1 / 252,
  -1 / 240,
  1 / 132,
  -691 / 32760,
  1 / 12,
  -3617 / 8160,
];

/**
 * ψ(x) = d log Γ(x) / dx for x > 0: -Infinity at 0, NaN below. The error is below 1e-14, or 1e-14 of the value where that is
 * larger. Its derivative is the trigamma function.
 *
 * @example
 * digamma(np.array(1)); // -0.5772, minus Euler's constant
 */
export function digamma(x: Tensor): Tensor {
  const wide = x.astype("float64");
  const isSmall = wide.less(seriesFrom);
  const y = np.where(isSmall, wide.add(seriesFrom), wide);
  const inverse = np.reciprocal(y);
  const square = inverse.mul(inverse);
  const large = np
    .log(y)
    .sub(inverse.mul(0.5))
    .sub(square.mul(polynomial(square, coefficients)));
  const small = np.where(isSmall, wide, 1);
  const factors = Array.from({ length: seriesFrom - 1 }, (_, k) => np.reciprocal(small.add(k + 1)));
  const sum = factors.reduce((all, term) => all.add(term), np.reciprocal(small));
  const value = np.where(isSmall, large.sub(sum), large);
  return np.where(wide.less(0), NaN, value).astype(x.dtype === "float64" ? "float64" : "float32");
}
