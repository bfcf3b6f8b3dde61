/**
 * How many steps it takes until what grows as exp(λ t) has grown by a factor: with 1000, how long gradients of a chaotic
 * loop are of use; with 1 / rounding, how long its trajectory is more than rounding.
 *
 *     T = ln(growth) / λ
 */
import { OptionError } from "../../errors.ts";

/** Half of the spacing of numbers at 1: 1 / rounding is the growth after which a trajectory is an artefact. */
export const roundings: Readonly<Record<"float32" | "float64", number>> = {
  float32: 2 ** -24,
  float64: 2 ** -53,
};

/** In the unit of time of the exponent; Infinity where that is not above 0. Default growth 1000. */
export function horizonOfGrowth(exponent: number, growth = 1e3): number {
  if (!(growth > 1)) throw new OptionError("horizonOfGrowth", "growth", growth, "a number above 1");
  if (Number.isNaN(exponent)) throw new OptionError("horizonOfGrowth", "exponent", exponent, "a number");
  return exponent > 0 ? Math.log(growth) / exponent : Infinity;
}
