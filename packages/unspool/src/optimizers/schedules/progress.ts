/** What schedules share: progress as a float, values as tensors of the dtype asked for, checks of options. */
import { Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";

/** A number or a tensor: the values of a schedule can be learned. */
export type ScheduleValue = number | Tensor;

export type FloatType = "float32" | "float64";

export function valueAs(value: ScheduleValue, dtype: FloatType): Tensor {
  return typeof value === "number" ? tree.scalar(value, dtype) : asType(value, dtype);
}

/** step / steps. */
export function ratio(step: Tensor, steps: number, dtype: FloatType): Tensor {
  return step.astype(dtype).div(steps);
}

/** (step - delay) / steps, held to [0, 1]. */
export function progress(step: Tensor, steps: number, dtype: FloatType, delay = 0): Tensor {
  return np.clip(step.astype(dtype).sub(delay).div(steps), 0, 1);
}

/** From `from` (part 0) to `to` (part 1). */
export function between(from: ScheduleValue, to: ScheduleValue, part: Tensor, dtype: FloatType): Tensor {
  const start = valueAs(from, dtype);
  return start.add(valueAs(to, dtype).sub(start).mul(part));
}

/** True from update `boundary` on. */
export function hasReached(step: Tensor, boundary: number): Tensor {
  return step.greaterEqual(tree.scalar(boundary, "int32"));
}

/** Throws `OptionError` unless `value` is a tensor or a finite number (for which `isAllowed` holds). */
export function requireValue(
  where: string,
  option: string,
  value: unknown,
  isAllowed: (x: number) => boolean = () => true,
  allowed = "a finite number or a tensor",
): void {
  if (Tensor.is(value) || (typeof value === "number" && Number.isFinite(value) && isAllowed(value))) return;
  throw new OptionError(where, option, value, allowed);
}

/** Throws `OptionError` unless boundaries are increasing step counts, one fewer than the pieces they separate. */
export function requireBoundaries(where: string, boundaries: readonly number[], pieces: number): void {
  if (boundaries.length !== pieces - 1) {
    throw new OptionError(
      where,
      "boundaries",
      boundaries,
      `one shorter than the ${pieces} pieces they separate`,
    );
  }
  boundaries.forEach((boundary, i) => {
    requireInteger(where, `boundaries[${i}]`, boundary, 0);
    if (i > 0 && boundary <= boundaries[i - 1]!) {
      throw new OptionError(where, "boundaries", boundaries, "increasing");
    }
  });
}
