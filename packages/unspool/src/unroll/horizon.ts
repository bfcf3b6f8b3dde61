/** The longest trajectory: steps are counted in int32. */
import { OptionError } from "../errors.ts";

export const longestHorizon = 0x7fffffff;

/** Throws `OptionError` unless `steps` can be counted: an integer from 1 to 2^31 - 1, or Infinity. */
export function requireHorizon(where: string, option: string, steps: unknown): void {
  if (steps === Infinity) return;
  if (Number.isInteger(steps) && (steps as number) >= 1 && (steps as number) <= longestHorizon) return;
  const hint =
    typeof steps === "number" && steps > longestHorizon
      ? "Steps are counted in int32; a loop that is meant never to reset has the horizon Infinity."
      : undefined;
  throw new OptionError(where, option, steps, `an integer from 1 to ${longestHorizon}, or Infinity`, hint);
}
