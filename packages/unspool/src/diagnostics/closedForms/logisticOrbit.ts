/**
 * The logistic map at rate 4 in closed form, from Ulam and von Neumann 1947:
 *
 *     x_T = sin²(2^T φ),   dx_T/dx_0 = 2^T sin(2^(T+1) φ) / sin(2 φ),   φ = asin √x_0
 */
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";

export interface LogisticOrbitOptions {
  /** x_0, above 0 and below 1. Default 0.3. */
  start?: number;
}

/**
 * x after `steps` steps and its derivative in the start. In float64 the angle loses a binary digit per step: x is good to
 * 2^(steps - 52). Throws `OptionError` for a start outside (0, 1) and for more than 1000 steps.
 */
export function logisticOrbit(
  steps: number,
  options: LogisticOrbitOptions = {},
): { x: number; derivative: number } {
  const where = "logisticOrbit";
  requireKnownOptions(where, options, ["start"]);
  const { start = 0.3 } = options;
  requireInteger(where, "steps", steps, 0);
  if (steps > 1000) throw new OptionError(where, "steps", steps, "at most 1000");
  if (!(start > 0 && start < 1)) throw new OptionError(where, "start", start, "above 0 and below 1");
  const phi = Math.asin(Math.sqrt(start));
  const angle = 2 ** steps * phi;
  return { x: Math.sin(angle) ** 2, derivative: (2 ** steps * Math.sin(2 * angle)) / Math.sin(2 * phi) };
}
