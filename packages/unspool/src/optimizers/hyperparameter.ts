/** Hyperparameters: their values at a step, and the checks of options at construction. */
import { type DType, Tensor } from "../array/index.ts";
import { OptionError, requireOneOf } from "../errors.ts";
import type { Hyperparameter, Schedule } from "./optimizer.ts";

/** The value of a hyperparameter for one leaf. */
export type ValueFor = (leaf: Tensor) => number | Tensor;

/** The value at `step`, in the dtype of the leaf that it is for. Numbers stay numbers: they take any dtype. */
export function atStep(value: Hyperparameter, step: Tensor): ValueFor {
  if (typeof value === "number") return () => value;
  const byType = new Map<DType, Tensor>();
  return ({ dtype }) => {
    let cast = byType.get(dtype);
    if (cast === undefined) {
      const float = dtype === "float64" ? "float64" : "float32";
      cast = asType(typeof value === "function" ? valueOf(value, step, float) : value, float);
      byType.set(dtype, cast);
    }
    return cast;
  };
}

function valueOf(schedule: Schedule, step: Tensor, dtype: "float32" | "float64"): Tensor {
  const value: unknown = schedule(step, dtype);
  if (Tensor.is(value)) return value;
  throw new OptionError(
    "schedule",
    "its value",
    value,
    "a tensor",
    "Compute it from `step` with np functions.",
  );
}

/** A cast that does nothing where nothing is to be done, since jax-js cannot transpose casts. */
export function asType(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : x.astype(dtype);
}

/** 1 - x. In float64 for a number: 1 - 0.999 in float32 is off by 1e-5 of its value. */
export function oneMinus(x: number | Tensor): number | Tensor {
  return typeof x === "number" ? 1 - x : x.neg().add(1);
}

/** Range of numbers, in words and as a test. */
export interface Range {
  readonly text: string;
  readonly has: (x: number) => boolean;
}

export const positive: Range = { text: "above 0", has: (x) => x > 0 };
export const atLeast0: Range = { text: "of at least 0", has: (x) => x >= 0 };
export const belowOne: Range = { text: "of at least 0 and below 1", has: (x) => x >= 0 && x < 1 };

/** Throws `OptionError` for a number out of range; tensors and schedules pass unchecked. */
export function requireHyperparameter(where: string, option: string, value: unknown, range: Range): void {
  if (typeof value === "function" || Tensor.is(value)) return;
  if (typeof value === "number" && Number.isFinite(value) && range.has(value)) return;
  throw new OptionError(where, option, value, `a number ${range.text}, a tensor or a schedule`);
}

/** Throws `OptionError` unless `value` is true or false. */
export function requireBoolean(where: string, option: string, value: unknown): void {
  if (typeof value !== "boolean") throw new OptionError(where, option, value, "true or false");
}

/** `given` over `defaults`; undefined takes the default. Throws `OptionError` for a name that is not an option. */
export function withDefaults<Options extends object>(
  where: string,
  given: Options,
  defaults: Required<Options>,
): Required<Options> {
  const names = Object.keys(defaults);
  const known = Object.entries(given).filter(([name, value]) => {
    requireOneOf(where, "the name of an option", name, names);
    return value !== undefined;
  });
  return { ...defaults, ...(Object.fromEntries(known) as Partial<Options>) };
}
