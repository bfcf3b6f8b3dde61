/**
 * `np.array`: tensors from numbers, booleans, typed arrays and tensors, nested in arrays to any depth. Of parts that
 * include tensors it makes what `stack` makes: also inside of a trace, where their elements are not known.
 */
import * as jax from "@jax-js/jax";
import { ShapeError, show } from "../errors.ts";
import { type DType, type TensorData, allocate, dtypeOf, isFloat } from "./dtype.ts";
import { concrete, isTensor, lift } from "./lift.ts";
import { ranges, resultDtype } from "./promotion.ts";
import { arithmetic } from "./promotionTable.ts";
import type { NestedNumbers, Tensor } from "./tensor.ts";

/** What `np.array` takes. */
export type ArraySource = Tensor | TensorData | NestedNumbers | boolean | readonly ArraySource[];

export interface ArrayOptions {
  dtype?: DType;
  shape?: readonly number[];
}

const where = "np.array";
const joined = lift(jax.numpy.concatenate) as (parts: Tensor[], axis: number) => Tensor;

/**
 * A tensor. Numbers are float32 and booleans bool unless `dtype` says otherwise; mixed, booleans are the numbers 0 and
 * 1. `shape` reads the elements in row-major order under another shape.
 */
export function array(values: ArraySource, options: ArrayOptions = {}): Tensor {
  const { dtype, shape } = options;
  if (isTensor(values) || hasTensor(values)) {
    const made = isTensor(values) ? values : stacked(values);
    const cast = dtype === undefined ? made : made.astype(dtype);
    return shape === undefined ? cast : cast.reshape([...shape]);
  }
  const isTyped = ArrayBuffer.isView(values);
  const flat = isTyped ? (values as TensorData) : (([values] as unknown[]).flat(Infinity) as number[]);
  const own = isTyped ? typeOf(values) : plainType(flat as readonly unknown[]);
  const to = dtype ?? own;
  const lengths = shape ?? (isTyped ? [flat.length] : shapeOf(values));
  const size = lengths.reduce((product, length) => product * length, 1);
  if (size !== flat.length)
    throw new ShapeError(where, `shape [${lengths.join(",")}] needs ${size} elements, got ${flat.length}.`);
  if (isTyped && own === to) return concrete((values as TensorData).slice(), [...lengths], to);
  const data = allocate(to, size);
  for (let i = 0; i < size; i++) data[i] = elementIn(to, Number(flat[i]));
  return concrete(data, [...lengths], to, typeof values === "number" && dtype === undefined);
}

const hasTensor = (values: unknown): values is readonly ArraySource[] =>
  Array.isArray(values) && values.some((one) => isTensor(one) || ArrayBuffer.isView(one) || hasTensor(one));

function typeOf(values: ArrayBufferView): DType {
  const dtype = dtypeOf(values);
  if (dtype === undefined) {
    throw new ShapeError(
      where,
      `no dtype holds a ${values.constructor.name}. Convert it: ` +
        (/^(Int|Uint)/.test(values.constructor.name)
          ? "Int32Array.from(values)."
          : "Float64Array.from(values, Number)."),
    );
  }
  return dtype;
}

/** float32, or bool where all are booleans; every other kind of element is refused by its place. */
function plainType(flat: readonly unknown[]): DType {
  // `flat` leaves out holes, which the shape does not.
  for (const [i, one] of flat.entries()) {
    if (typeof one === "number" || typeof one === "boolean") continue;
    const hint = typeof one === "bigint" || typeof one === "string" ? " Convert it: Number(x)." : "";
    throw new ShapeError(where, `needs numbers, booleans or tensors, got ${show(one)} at place ${i}.${hint}`);
  }
  return flat.length > 0 && flat.every((one) => typeof one === "boolean") ? "bool" : "float32";
}

/** A number as an element of a dtype. Whole numbers are cut off behind the point, as in NumPy. */
export function elementIn(dtype: DType, value: number): number {
  if (dtype === "bool") return Number(value !== 0);
  if (isFloat(dtype)) return value;
  const [least, most] = ranges[dtype as "int32"];
  const whole = Math.trunc(value);
  if (whole >= least && whole <= most) return whole;
  throw new ShapeError(where, `${dtype} holds whole numbers from ${least} to ${most}, got ${value}.`);
}

function shapeOf(values: unknown): number[] {
  if (!Array.isArray(values)) return [];
  const inner = values.length === 0 ? [] : shapeOf(values[0]);
  for (const item of values as unknown[]) {
    if (String(shapeOf(item)) !== String(inner)) throw ragged();
  }
  return [values.length, ...inner];
}

const ragged = (): ShapeError =>
  new ShapeError(where, "the nested arrays are ragged. All parts of one level need the same shape.");

/** Parts of one level, one behind the other, in the dtype that all of them share. */
function stacked(values: readonly ArraySource[]): Tensor {
  const leaves = ([values] as unknown[])
    .flat(Infinity)
    .map((leaf) => (ArrayBuffer.isView(leaf) ? array(leaf as TensorData) : leaf));
  plainType(leaves.filter((leaf) => !isTensor(leaf)));
  const dtype = resultDtype(where, arithmetic, leaves) ?? "float32";
  const parts = values.map((part) => array(part, { dtype }));
  const [first] = parts as [Tensor];
  for (const part of parts) {
    if (String(part.shape) === String(first.shape)) continue;
    throw new ShapeError(where, `stacks parts of one shape, got ${first.toString()} and ${part.toString()}.`);
  }
  if (parts.some((part) => part.isTraced)) {
    return joined(
      parts.map((part) => part.reshape([1, ...part.shape])),
      0,
    );
  }
  const data = allocate(dtype, parts.length * first.size);
  parts.forEach((part, i) => data.set(part.data, i * first.size));
  return concrete(data, [parts.length, ...first.shape], dtype);
}
