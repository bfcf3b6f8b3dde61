/**
 * The inverse of the normal distribution function: Acklam's rational approximation (relative error 1.2e-9), and one step of
 * Halley's method on the density, which ends at rounding.
 */

// prettier-ignore
const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239] as const;
// prettier-ignore
const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1] as const;
// prettier-ignore
const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783] as const;
// prettier-ignore
const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1] as const;
/** Where the tails begin. */
const tail = 0.02425;

/** z with P(Z < z) = p, of p between 0 and 1. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  // In the upper half 1 - p is exact (Sterbenz), and the tail of the lower half is the more precise one.
  if (p > 0.5) return -normalQuantile(1 - p);
  const z = approximate(p);
  const error = lowerTail(z) - p;
  const u = error * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2);
  return z - u / (1 + (z * u) / 2);
}

function approximate(p: number): number {
  if (p < tail) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(c, q) / polynomial(d, q);
  }
  const q = p - 0.5;
  return (q * polynomial(a, q * q)) / polynomial(b, q * q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

/** P(Z < z) of z ≤ 0: the series of the distribution function near 0, its continued fraction in the tail. */
function lowerTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > -2.5) {
    let [term, sum] = [z, z];
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = 0;
  for (let k = 100; k >= 1; k--) fraction = k / (-z + fraction);
  return density / (-z + fraction);
}
