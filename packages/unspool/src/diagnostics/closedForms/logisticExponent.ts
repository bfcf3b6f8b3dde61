/**
 * The Lyapunov exponent of the logistic map x' = r x (1 - x) where it has a closed form: the mean of ln |r (1 - 2 x)| over
 * what attracts. May 1976; Ulam and von Neumann 1947 for r = 4.
 *
 *     0 < r <= 1:          ln r                        the fixed point 0
 *     1 < r <= 3:          ln |2 - r|                  the fixed point 1 - 1/r
 *     3 < r <= 1 + √6:     ½ ln |4 + 2 r - r²|         the cycle of period two
 *     r = 4:               ln 2
 */
import { OptionError } from "../../errors.ts";

/** Natural logarithm per step; -Infinity at the superstable rates 2 and 1 + √5. Throws `OptionError` where there is none. */
export function logisticExponent(rate: number): number {
  if (rate > 0 && rate <= 1) return Math.log(rate);
  if (rate > 1 && rate <= 3) return Math.log(Math.abs(2 - rate));
  if (rate > 3 && rate <= 1 + Math.sqrt(6)) return Math.log(Math.abs(4 + 2 * rate - rate * rate)) / 2;
  if (rate === 4) return Math.LN2;
  throw new OptionError(
    "logisticExponent",
    "rate",
    rate,
    "above 0 and at most 1 + √6, or 4",
    "Elsewhere there is no closed form: measure it with lyapunov.",
  );
}
