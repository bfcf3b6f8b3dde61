/** Tensors from shapes and numbers: `zeros`, `ones`, `full`, `eye`, `arange`, `linspace` and their relatives. */
import * as jax from "@jax-js/jax";
import { OptionError, ShapeError, requireOneOf, show } from "../errors.ts";
import { elementIn } from "./arrays.ts";
import { plainShape } from "./axes.ts";
import { type DType, allocate, dtypes } from "./dtype.ts";
import { concrete, isPlainObject, isTensor, lift } from "./lift.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** A dtype may be given by its name alone, as in NumPy: `np.zeros([3], "float64")`. */
export type DTypeOption = { dtype?: DType } | DType;

/** The dtype of options, or of the name alone. */
function dtypeIn(where: string, options: unknown, otherwise: DType): DType {
  if (options === undefined || options === null) return otherwise;
  const hint = `${where} takes { dtype: "float64" } last, and a shape as a list.`;
  if (typeof options !== "string" && !isPlainObject(options)) {
    throw new OptionError(where, "options", options, "a dtype or { dtype }", hint);
  }
  const dtype = typeof options === "string" ? options : (options["dtype"] ?? otherwise);
  requireOneOf(where, "dtype", dtype, dtypes);
  const names = typeof options === "string" ? [] : Object.keys(options);
  for (const name of names) requireOneOf(where, "the option", name, ["dtype"]);
  return dtype as DType;
}

function number(where: string, name: string, value: unknown): number {
  if (typeof value === "number" || typeof value === "boolean") return Number(value);
  if (isTensor(value) && value.size === 1 && !value.isTraced) return value.item();
  throw new OptionError(
    where,
    name,
    value,
    "a number",
    "Numbers that a trace computes have no place in a shape.",
  );
}

function filled(where: string, shape: unknown, value: number, options: unknown): Tensor {
  const dtype = dtypeIn(where, options, "float32");
  const lengths = plainShape(where, shape);
  const data = allocate(
    dtype,
    lengths.reduce((product, length) => product * length, 1),
  );
  return concrete(data.fill(elementIn(dtype, value)), [...lengths], dtype);
}

type Shape = readonly number[] | number;

const broadcastTo = lift(jax.numpy.broadcastTo) as (x: Tensor, shape: number[]) => Tensor;

/** `value` everywhere. One number is the length of a vector. */
export function full(shape: Shape, value: TensorLike, options: DTypeOption = {}): Tensor {
  if (isTensor(value)) {
    const dtype = dtypeIn("np.full", options, value.dtype);
    return broadcastTo(value.astype(dtype), [...plainShape("np.full", shape)]);
  }
  return filled("np.full", shape, number("np.full", "value", value), options);
}
export function zeros(shape: Shape, options: DTypeOption = {}): Tensor {
  return filled("np.zeros", shape, 0, options);
}
export function ones(shape: Shape, options: DTypeOption = {}): Tensor {
  return filled("np.ones", shape, 1, options);
}
/** `value` in the shape of `like`, and in its dtype unless another is given. */
export function fullLike(like: Tensor, value: TensorLike, options: DTypeOption = {}): Tensor {
  const where = "np.fullLike";
  const dtype = dtypeIn(where, options, like.dtype);
  if (isTensor(value)) return full(like.shape, value, dtype);
  return filled(where, like.shape, number(where, "value", value), dtype);
}
export const zerosLike = (like: Tensor, options: DTypeOption = {}): Tensor => fullLike(like, 0, options);
export const onesLike = (like: Tensor, options: DTypeOption = {}): Tensor => fullLike(like, 1, options);

/** Ones on the diagonal: `eye(3)`, `eye(2, 3)`, `eye(3, { dtype: "float64" })`. */
export function eye(rows: number, columns?: number | DTypeOption, options: DTypeOption = {}): Tensor {
  const isCount = typeof columns === "number";
  const dtype = dtypeIn("np.eye", isCount ? options : (columns ?? options), "float32");
  const width = isCount ? columns : rows;
  const shape = plainShape("np.eye", [rows, width]);
  const result = filled("np.eye", shape, 0, dtype);
  for (let i = 0; i < Math.min(rows, width); i++) result.data[i * width + i] = 1;
  return result;
}

/** `arange(stop)`, `arange(start, stop, step)`: int32 if all three are whole, else float32. */
export function arange(
  start: number,
  stop?: number | DTypeOption | null,
  step: number | DTypeOption = 1,
  options: DTypeOption = {},
): Tensor {
  const where = "np.arange";
  const numbers = [start, stop, step].filter(
    (one) => one != null && typeof one !== "string" && !isPlainObject(one),
  );
  const plain = numbers.map((one, i) => number(where, ["start", "stop", "step"][i]!, one));
  const hasStop = typeof stop === "number" || isTensor(stop);
  const [from, to, by] = hasStop ? [plain[0]!, plain[1]!, plain[2] ?? 1] : [0, plain[0]!, plain[1] ?? 1];
  const given = [stop, step, options].find((one) => typeof one === "string" || isPlainObject(one));
  const dtype = dtypeIn(where, given, [from, to, by].every(Number.isInteger) ? "int32" : "float32");
  const length = Math.max(0, Math.ceil((to - from) / by));
  if (!Number.isFinite(length)) {
    throw new ShapeError(
      where,
      `needs finite numbers and a step that is not 0, got ${show([from, to, by])}. An example is np.arange(0, 1, 0.1).`,
    );
  }
  const data = allocate(dtype, length);
  for (let i = 0; i < length; i++) data[i] = from + i * by;
  return concrete(data, [length], dtype);
}

/** `count` numbers from `start` to `stop`, both included. */
export function linspace(
  start: number,
  stop: number,
  count: number | DTypeOption = 50,
  options: DTypeOption = {},
): Tensor {
  const where = "np.linspace";
  const isCount = typeof count === "number";
  const [length] = plainShape(where, isCount ? count : 50) as [number];
  const dtype = dtypeIn(where, isCount ? options : count, "float32");
  const [from, to] = [number(where, "start", start), number(where, "stop", stop)];
  const data = allocate(dtype, length);
  for (let i = 0; i < length; i++) data[i] = length === 1 ? from : from + ((to - from) * i) / (length - 1);
  return concrete(data, [length], dtype);
}
