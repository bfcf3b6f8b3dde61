/**
 * The dimension of an attractor from its Lyapunov exponents: how many directions can be taken together before volumes
 * shrink, with a fraction for the first that is too many.
 *
 *     D = k + (λ_1 + … + λ_k) / |λ_{k+1}|,   k the largest with λ_1 + … + λ_k >= 0
 *
 * Kaplan and Yorke 1979; equal to the information dimension for the baker's map and typical maps of the plane (Young 1982).
 */
import { OptionError, requireKnownOptions } from "../errors.ts";

export interface KaplanYorkeOptions {
  /** Numbers in the state, S. Default: as many as there are exponents, so that they are all. */
  stateSize?: number;
}

/**
 * 0 where the largest exponent is negative, S where volumes do not shrink. Exponents in any order. Throws `OptionError`
 * for one that is not a number, for none, and where exponents that were not computed would be needed.
 *
 * @example
 * kaplanYorkeDimension([0.906, 0, -14.572]); // 2.062, the Lorenz attractor
 */
export function kaplanYorkeDimension(exponents: ArrayLike<number>, options: KaplanYorkeOptions = {}): number {
  const where = "kaplanYorkeDimension";
  requireKnownOptions(where, options, ["stateSize"]);
  const falling = Array.from(exponents).toSorted((a, b) => b - a);
  const { stateSize = falling.length } = options;
  if (falling.length === 0 || falling.some((value) => !(value < Infinity))) {
    throw new OptionError(where, "exponents", falling, "numbers below Infinity, one at least");
  }
  if (!Number.isInteger(stateSize) || stateSize < falling.length) {
    throw new OptionError(
      where,
      "stateSize",
      stateSize,
      `an integer of at least ${falling.length}, their number`,
    );
  }
  let sum = 0;
  for (const [k, value] of falling.entries()) {
    if (sum + value < 0) return k + sum / -value;
    sum += value;
  }
  if (falling.length === stateSize) return stateSize;
  throw new OptionError(
    where,
    "exponents",
    falling,
    "enough of them that their sum is negative",
    `Their sum is ${Number(sum.toPrecision(3))}: compute more of the ${stateSize}.`,
  );
}
