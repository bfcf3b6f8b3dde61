/**
 * What of the difference of a pair's losses counts: all of it, its sign, or what lies within a bound.
 *
 *     d = L+ - L-,     d <- sign(d) · c     or     d <- min(max(d, -c), c)
 *
 * Both give up the size of the gradient for steps that no single pair can decide, where losses have heavy tails or jump
 * (options of google/learned_optimization; signs as in Salimans et al. 2017, whose ranks of two they are). The estimate is
 * then biased, with the same mean sign of each pair.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requirePositive } from "../../errors.ts";

/** "all", the sign times a number, or the difference within ± a number; both numbers in units of the objective. */
export type LossDifference = "all" | { readonly signTimes: number } | { readonly clippedAt: number };

/** Throws `OptionError` unless `given` is one. */
export function requireLossDifference(where: string, given: unknown): void {
  if (given === "all") return;
  const allowed = '"all", { signTimes: c } or { clippedAt: c } with a positive number c';
  if (typeof given !== "object" || given === null)
    throw new OptionError(where, "differences", given, allowed);
  const fields: [string, unknown][] = Object.entries(given);
  const [name, value] = fields[0] ?? [];
  if (fields.length !== 1 || (name !== "signTimes" && name !== "clippedAt") || typeof value !== "number") {
    throw new OptionError(where, "differences", given, allowed);
  }
  requirePositive(where, `differences.${name}`, value);
}

/**
 * What a difference of two losses, summed over steps, weighs in the gradient: `lossScale` turns it into the objective's units, where it
 * is shaped, and `1 / (2 sigma²)` is what the perturbation is multiplied with.
 */
export function differenceWeight(
  { differences, lossScale, sigma }: { differences: LossDifference; lossScale: number; sigma: number },
  difference: Tensor,
): Tensor {
  const factor = 1 / (2 * sigma ** 2);
  if (differences === "all") return difference.mul(lossScale / (2 * sigma ** 2));
  if ("signTimes" in differences) return np.sign(difference).mul(differences.signTimes * factor);
  const { clippedAt } = differences;
  return np.clip(difference.mul(lossScale), -clippedAt, clippedAt).mul(factor);
}
