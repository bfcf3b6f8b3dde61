/**
 * Functions of one number that are applied to the eigenvalues of a Hermitian matrix, with their divided differences
 *
 *     f[a, b] = (f(a) - f(b)) / (a - b),     f[a, a] = f'(a),
 *
 * each in a form that keeps its digits where a and b are near each other: derivatives are made of them.
 */
import { type Tensor, np } from "../../array/index.ts";

/** f and f[a, b], elementwise; a and b have shapes that broadcast. */
export interface SpectralFunction {
  readonly name: string;
  /**
   * What f is of: a known matrix with other eigenvalues is refused, and traced ones are not looked at. "nonNegative" lets
   * those pass that rounding makes of 0. Default all numbers.
   */
  readonly domain?: "positive" | "nonNegative";
  value(x: Tensor): Tensor;
  slope(a: Tensor, b: Tensor): Tensor;
}

const where = (condition: Tensor, chosen: Tensor | number, other: Tensor | number): Tensor =>
  np.where(condition, chosen, other) as Tensor;

/** (exp(x) - 1) / x. */
function growth(x: Tensor): Tensor {
  const isSmall = np.abs(x).less(1e-5);
  const safe = where(isSmall, 1, x);
  return where(isSmall, x.mul(x.div(6).add(0.5)).add(1), np.expm1(safe).div(safe));
}

/** log(1 + x) / x. */
function decline(x: Tensor): Tensor {
  const isSmall = np.abs(x).less(1e-5);
  const safe = where(isSmall, 1, x);
  return where(isSmall, x.mul(x.div(3).sub(0.5)).add(1), np.log1p(safe).div(safe));
}

const larger = (a: Tensor, b: Tensor): Tensor => np.maximum(a, b);
const smaller = (a: Tensor, b: Tensor): Tensor => np.minimum(a, b);

/** Traced eigenvalues below this count as it: nothing can be thrown for them. */
const least = 1e-300;

/** exp(x). */
export const exponential: SpectralFunction = {
  name: "exp",
  value: (x) => np.exp(x),
  // From the larger one down, so that nothing overflows that need not.
  slope: (a, b) => np.exp(larger(a, b)).mul(growth(smaller(a, b).sub(larger(a, b)))),
};

/** log(x), of positive numbers; smaller ones than 1e-300 count as that where they are traced. */
export const logarithm: SpectralFunction = {
  name: "log",
  domain: "positive",
  value: (x) => np.log(np.maximum(x, least)),
  slope(a, b) {
    const low = np.maximum(smaller(a, b), least) as Tensor;
    const high = np.maximum(larger(a, b), least) as Tensor;
    // From the larger one: log(low / high) / (low - high), with an argument between -1 and 0.
    return decline(low.div(high).sub(1)).div(high);
  },
};

/** √x, and 0 for the negative numbers that rounding makes of 0; for all negative ones where they are traced. */
export const squareRoot: SpectralFunction = {
  name: "sqrt",
  domain: "nonNegative",
  value: (x) => np.sqrt(np.maximum(x, 0)),
  slope: (a, b) =>
    np.reciprocal(
      np.maximum(np.sqrt(np.maximum(a, 0)).add(np.sqrt(np.maximum(b, 0))), Math.sqrt(least)),
    ) as Tensor,
};

/** x log x, 0 at 0. */
export const entropyTerm: SpectralFunction = {
  name: "x log x",
  domain: "nonNegative",
  value: (x) => np.maximum(x, 0).mul(logarithm.value(x)),
  slope: (a, b) => logarithm.value(smaller(a, b)).add(np.maximum(larger(a, b), 0).mul(logarithm.slope(a, b))),
};

/** |x|, with the derivative 0 at 0. */
export const magnitude: SpectralFunction = {
  name: "abs",
  value: (x) => np.abs(x),
  slope(a, b) {
    const isTie = a.equal(b);
    return where(
      isTie,
      np.sign(a.add(b)),
      np
        .abs(a)
        .sub(np.abs(b))
        .div(where(isTie, 1, a.sub(b))),
    );
  },
};
