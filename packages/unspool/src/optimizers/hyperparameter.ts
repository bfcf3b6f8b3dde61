/** Hyperparameters: their values at a step, and the checks of options at construction. */
import { type DType, Tensor } from "../array/index.ts";
import { OptionError, requireOneOf, requireRecord } from "../errors.ts";
import type { Hyperparameter, Schedule } from "./optimizer.ts";

/** The value of a hyperparameter for one leaf. */
export type ValueFor = (leaf: Tensor) => number | Tensor;

/**
 * The value at `step`, in the dtype of the leaf that it is for. Numbers stay numbers: they take any dtype. Throws
 * `OptionError` for a number above 0 that is 0 there.
 */
export function atStep(value: Hyperparameter, step: Tensor): ValueFor {
  if (typeof value === "number") return ({ dtype }) => representable(value, dtype);
  const byType = new Map<DType, Tensor>();
  return (leaf) => {
    const { dtype } = leaf;
    let cast = byType.get(dtype);
    if (cast === undefined) {
      const float = dtype === "float64" ? "float64" : "float32";
      const isSchedule = typeof value === "function";
      cast = asType(isSchedule ? valueOf(value, step, float) : value, float);
      byType.set(dtype, cast);
      const known = isSchedule ? undefined : rests.get(value);
      const exact = (): Tensor => (isSchedule ? valueOf(value, step, "float64") : value);
      rests.set(cast, known ?? (() => exact().neg().add(1)));
    }
    requireFit(value, cast, leaf);
    return cast;
  };
}

/** Whose option a tensor or a schedule is, for errors: known since `requireHyperparameter`. */
const owners = new WeakMap<object, { where: string; option: string }>();

/** Throws `OptionError` for a value that would give a leaf another shape. */
function requireFit(given: object, { shape }: Tensor, leaf: Tensor): void {
  const shift = leaf.ndim - shape.length;
  if (shift >= 0 && shape.every((length, i) => length === 1 || length === leaf.shape[i + shift])) return;
  const { where, option } = owners.get(given) ?? { where: "optimizer", option: "a hyperparameter" };
  const allowed = `[], or one that broadcasts to that of what it is for, [${leaf.shape.join(",")}]`;
  throw new OptionError(where, `the shape of ${option}`, [...shape], allowed);
}

/** What `oneMinus` knows of a decay: 1 less it, from before it was rounded. */
const rests = new WeakMap<Tensor, () => Tensor>();

function representable(value: number, dtype: DType): number {
  if (value === 0 || dtype !== "float32" || Math.fround(value) !== 0) return value;
  throw new OptionError(
    "optimizer",
    "a hyperparameter",
    value,
    `0 or at least ${leastAbove0.float32} for float32`,
    "It is 0 in the dtype of theta.",
  );
}

/** Smallest numbers above 0. */
export const leastAbove0: Readonly<Record<"float32" | "float64", number>> = {
  float32: 2 ** -149,
  float64: 2 ** -1074,
};

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

/**
 * 1 - x, from the most exact x that is known: from float64 for numbers, schedules and tensors of float64. In float32
 * 1 - 0.999 would be off by 1e-5 of its value, which is an error of the horizon 1 / (1 - decay).
 */
export function oneMinus(x: number | Tensor): number | Tensor {
  if (typeof x === "number") return 1 - x;
  const known = rests.get(x);
  return known === undefined ? x.neg().add(1) : asType(known(), x.dtype);
}

/** The decay 1 - rest for a `rest` that is known more exactly than the difference would give it back. */
export function decayOf(rest: Tensor): Tensor {
  const decay = rest.neg().add(1);
  rests.set(decay, () => rest);
  return decay;
}

/** Range of numbers, in words and as a test. */
export interface Range {
  readonly text: string;
  readonly has: (x: number) => boolean;
}

export const positive: Range = { text: "above 0", has: (x) => x > 0 };
export const atLeast0: Range = { text: "of at least 0", has: (x) => x >= 0 };
export const belowOne: Range = { text: "of at least 0 and below 1", has: (x) => x >= 0 && x < 1 };

/** Throws `OptionError` for a number out of range; of tensors and schedules it notes whose they are. */
export function requireHyperparameter(where: string, option: string, value: unknown, range: Range): void {
  if (typeof value === "function" || Tensor.is(value)) {
    owners.set(value, { where, option });
    return;
  }
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
  requireRecord(where, given, names);
  const known = Object.entries(given).filter(([name, value]) => {
    requireOneOf(where, "the name of an option", name, names);
    return value !== undefined;
  });
  return { ...defaults, ...(Object.fromEntries(known) as Partial<Options>) };
}
