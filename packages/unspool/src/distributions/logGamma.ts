/**
 * The logarithm of the gamma function by Stirling's series (Abramowitz and Stegun 6.1.40 and 6.1.15), of y = x + 8 below
 * x = 8 and of y = x from there on:
 *
 *     log Γ(y) = (y - 1/2) log y - y + log(2 π) / 2 + sum B_2n / (2 n (2 n - 1) y^(2 n - 1)),
 *     log Γ(x) = log Γ(x + 8) - log(x (x + 1) … (x + 7))
 *
 * The first term that is left out is below 1e-16. Computed in float64 whatever the dtype: differences of such logarithms
 * are small beside them.
 */
import { type Tensor, np } from "../array/index.ts";
import { polynomial } from "./polynomial.ts";

/** From here on the series is used as it is; below, so many factors are taken away. */
export const seriesFrom = 8;

/** B_2n / (2 n (2 n - 1)), n = 1 … 8. */
const coefficients: readonly number[] = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
];

/**
 * log Γ(x) for x > 0: Infinity at 0 and at Infinity, NaN below 0. The error is below 1e-14, or 1e-14 of the value where that
 * is larger; in float32 the result is rounded once. Its derivative is `digamma`.
 *
 * @example
 * logGamma(np.array(5)); // log 24
 */
export function logGamma(x: Tensor): Tensor {
  const wide = x.astype("float64");
  const isSmall = wide.less(seriesFrom);
  const y = np.where(isSmall, wide.add(seriesFrom), wide);
  const inverse = np.reciprocal(y);
  const series = inverse.mul(polynomial(inverse.mul(inverse), coefficients));
  // As one product, which does not become Infinity less Infinity.
  const stirling = y
    .sub(0.5)
    .mul(np.log(y).sub(1))
    .add(series)
    .add(Math.log(2 * Math.PI) / 2 - 0.5);
  const small = np.where(isSmall, wide, 1);
  const factors = Array.from({ length: seriesFrom - 1 }, (_, k) => small.add(k + 1));
  const product = factors.reduce((all, factor) => all.mul(factor));
  // x apart: at 0 the derivative of the whole product would be 0 times Infinity.
  const value = np.where(isSmall, stirling.sub(np.log(product)).sub(np.log(small)), stirling);
  return np.where(wide.less(0), NaN, value).astype(x.dtype === "float64" ? "float64" : "float32");
}
