/**
 * dx/dalpha of gamma numbers x at fixed F(x; alpha). By differentiating the series of the incomplete gamma function,
 *
 *     dx/dalpha = x sum_n t_n (psi(alpha + n + 1) - log x),   t_0 = 1/alpha,  t_n = t_(n-1) x / (alpha + n)
 *
 * for alpha below 64. Above, x = d (1 + z / sqrt(9 d))³ with d = alpha - 1/3 and z fixed (Wilson and Hilferty 1931), off
 * by less than 5e-4 there.
 */
import { np } from "../../np.ts";
import { scan } from "../../scan.ts";
import type { Tensor } from "../../tensor.ts";

const largestForSeries = 64;
/** Enough for x up to 130, eight standard deviations above alpha = 64. */
const terms = 224;

export function gammaSlope(x: Tensor, alpha: Tensor): Tensor {
  const isLarge = alpha.greater(largestForSeries);
  const far = wilsonHilferty(x, np.where(isLarge, alpha, largestForSeries) as Tensor);
  const near = series(np.where(isLarge, 1, x) as Tensor, np.where(isLarge, 1, alpha) as Tensor);
  return np.where(isLarge, far, near) as Tensor;
}

function wilsonHilferty(x: Tensor, alpha: Tensor): Tensor {
  const d = alpha.sub(1 / 3);
  const w = np.cbrt(x.div(d)) as Tensor;
  return w.mul(w).mul(w.sub(w.sub(1).mul(1.5)));
}

function series(x: Tensor, alpha: Tensor): Tensor {
  const first = np.reciprocal(alpha) as Tensor;
  const difference = digamma(alpha).add(first).sub(np.log(x));
  type Carry = { term: Tensor; difference: Tensor; sum: Tensor };
  const step = (carry: Carry, _: undefined, k: Tensor): [Carry, undefined] => {
    const below = alpha.add(k.astype(x.dtype)).add(1);
    const term = carry.term.mul(x).div(below);
    const next = carry.difference.add(np.reciprocal(below) as Tensor);
    return [{ term, difference: next, sum: carry.sum.add(term.mul(next)) }, undefined];
  };
  const start = { term: first, difference, sum: first.mul(difference) };
  return scan(step, start, undefined, { length: terms })[0].sum.mul(x);
}

/** psi(x) for x > 0: up to x + 6 by psi(x) = psi(x + 1) - 1/x, then its asymptotic series. */
export function digamma(x: Tensor): Tensor {
  let shifted = x;
  let sum = x.mul(0);
  for (let i = 0; i < 6; i++) {
    sum = sum.sub(np.reciprocal(shifted) as Tensor);
    shifted = shifted.add(1);
  }
  const inverse = np.reciprocal(shifted) as Tensor;
  const z = inverse.mul(inverse);
  // B_2k / 2k of the Bernoulli numbers.
  const coefficients = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];
  const tail = coefficients.reduceRight<Tensor>((rest, c) => rest.add(c).mul(z), z.mul(0));
  return sum.add(np.log(shifted)).sub(inverse.mul(0.5)).sub(tail);
}
