/**
 * Parameters of a controller from numbers in [-1, 1], so that one sigma and one learning rate suit all of them:
 *
 *     p = (high - low) x / 2 + (high + low) / 2,     and log10 p by the same where the scale is logarithmic
 *
 * x is clipped to [-1, 1], also where it was perturbed; what an optimizer keeps may lie outside (Lei et al., arXiv
 * 2209.04854, code).
 */
import { type Tensor, np } from "../../../array/index.ts";
import { OptionError, requireOneOf } from "../../../errors.ts";

/** The range of one parameter. */
export interface ParameterRange {
  low: number;
  high: number;
  /** Default "linear"; "log" for what ranges over powers of ten. */
  scale?: "linear" | "log";
}

export interface ParameterMap {
  readonly size: number;
  /** [size] in [-1, 1] to parameters [size]. */
  parameters(x: Tensor): Tensor;
  /** The numbers in [-1, 1] that give these parameters. */
  numbers(parameters: readonly number[]): number[];
}

/**
 * The map of these ranges, in their order.
 *
 * @example
 * const gains = parameterMap([{ low: 0, high: 10 }, { low: 1e-5, high: 1e3, scale: "log" }]);
 * gains.parameters(np.array([0, 0])); // [5, 0.1]
 */
export function parameterMap(ranges: readonly ParameterRange[]): ParameterMap {
  const where = "parameterMap";
  if (ranges.length === 0) throw new OptionError(where, "ranges", ranges, "at least one range");
  ranges.forEach((range, i) => requireRange(where, `ranges[${i}]`, range));
  const isLog = ranges.map(({ scale }) => scale === "log");
  const bounds = ranges.map(({ low, high }, i) =>
    isLog[i] ? ([Math.log10(low), Math.log10(high)] as const) : ([low, high] as const),
  );
  const half = bounds.map(([low, high]) => (high - low) / 2);
  const middle = bounds.map(([low, high]) => (high + low) / 2);
  return {
    size: ranges.length,
    parameters(x) {
      const { dtype } = x;
      const within = np.minimum(np.maximum(x, -1), 1) as Tensor;
      const moved = within.mul(np.array(half, { dtype })).add(np.array(middle, { dtype }));
      if (!isLog.some(Boolean)) return moved;
      // Where the scale is linear its exponent is not taken: it may overflow.
      const exponent = np.where(np.array(isLog), moved, 0) as Tensor;
      const power = np.exp(exponent.mul(Math.LN10)) as Tensor;
      return np.where(np.array(isLog), power, moved) as Tensor;
    },
    numbers: (parameters) =>
      ranges.map((_, i) => {
        const own = isLog[i] ? Math.log10(parameters[i]!) : parameters[i]!;
        return (own - middle[i]!) / half[i]!;
      }),
  };
}

/** Throws `OptionError` for what is no range, by the name that it has where it was written. */
export function requireRange(where: string, name: string, range: ParameterRange): void {
  if (typeof range !== "object" || range === null || Array.isArray(range))
    throw new OptionError(where, name, range, 'a record { low, high, scale: "linear" or "log" }');
  const { low, high, scale = "linear", ...more } = range;
  for (const one of Object.keys(more))
    requireOneOf(where, `the name of what is said of ${name}`, one, ["low", "high", "scale"]);
  requireOneOf(where, `${name}.scale`, scale, ["linear", "log"]);
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new OptionError(where, name, [low, high], "a finite low below a finite high", "Swap them?");
  if (scale === "log" && !(low > 0))
    throw new OptionError(where, `${name}.low`, low, 'above 0 where scale is "log"');
}
