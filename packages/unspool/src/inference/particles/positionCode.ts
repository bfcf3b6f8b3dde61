/**
 * Where a step stands between two observations, as numbers for a network. With k = P - (t mod P) - 1 steps left,
 *
 *     sin(k / base^(2 j / d)), cos(k / base^(2 j / d)),   j = 0 … d - 1
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";

export interface PositionCodeOptions {
  /** Numbers per step, 2 d. */
  length: number;
  /** How fast the waves grow longer. Default 4. */
  base?: number;
}

/** [T, length] for steps 0 … T-1 between observations that are `period` steps apart. */
export function positionCode(
  steps: number,
  period: number,
  options: PositionCodeOptions,
  dtype: "float32" | "float64" = "float32",
): Tensor {
  const where = "positionCode";
  requireKnownOptions(where, options, ["length", "base"]);
  const { length, base = 4 } = options;
  requireInteger(where, "steps", steps, 1);
  requireInteger(where, "period", period, 1);
  requireInteger(where, "length", length, 2);
  requirePositive(where, "base", base);
  if (length % 2 !== 0)
    throw new OptionError(where, "length", length, "even: a sine and a cosine of each wave");
  const waves = length / 2;
  const rows = Array.from({ length: steps }, (_, t) => {
    const left = period - (t % period) - 1;
    const phases = Array.from({ length: waves }, (_, j) => left / base ** ((2 * j) / waves));
    return [...phases.map(Math.sin), ...phases.map(Math.cos)];
  });
  return np.array(rows, { dtype });
}
