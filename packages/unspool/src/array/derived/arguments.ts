/** What the derived functions do with their arguments first: numbers become tensors, axes become non-negative. */
import { OptionError, ShapeError } from "../../errors.ts";
import { isFloat } from "../dtype.ts";
import { np } from "../np.ts";
import type { Axis, Tensor, TensorLike } from "../tensor.ts";
import { isTensor } from "../lift.ts";

/** A tensor, a number, or nested arrays of numbers. */
export type ArrayLike = TensorLike | readonly ArrayLike[];

export function asTensor(x: ArrayLike): Tensor {
  return isTensor(x) ? x : np.array(x);
}

/** The same in a float dtype: integers and bools become float32. */
export function asFloat(x: ArrayLike): Tensor {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? tensor : tensor.astype("float32");
}

/** Both in the wider of their float dtypes. */
export function asFloats(...xs: ArrayLike[]): Tensor[] {
  const floats = xs.map(asFloat);
  const dtype = floats.some((x) => x.dtype === "float64" && !x.isWeak) ? "float64" : "float32";
  return floats.map((x) => (x.dtype === dtype ? x : x.astype(dtype)));
}

/** The axes as numbers from 0, each once; all of them for null. */
export function axesOf(where: string, x: Tensor, axis: Axis): number[] {
  if (axis === null) return x.shape.map((_, i) => i);
  const axes = [axis].flat().map((i) => {
    if (!Number.isInteger(i) || i < -x.ndim || i >= x.ndim) {
      throw new ShapeError(
        where,
        `axis ${i} is out of range for ${x.toString()}, which has ${x.ndim} axes. Use -${x.ndim} to ${x.ndim - 1}.`,
      );
    }
    return i < 0 ? i + x.ndim : i;
  });
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError(
      where,
      `axis [${[axis].flat().join(",")}] names an axis twice. Name each axis once.`,
    );
  }
  return axes;
}

/** One axis as a number from 0. */
export function axisOf(where: string, x: Tensor, axis: number): number {
  return axesOf(where, x, axis)[0]!;
}

/** `x` with the axes moved behind all others and joined there: [...kept, n]. */
export function joinLast(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const joined = axes.reduce((product, i) => product * x.shape[i]!, 1);
  return x.transpose([...kept, ...axes]).reshape([...kept.map((i) => x.shape[i]!), joined]);
}

/** The shape of a reduction over `axes`. */
export function reducedShape(x: Tensor, axes: readonly number[], keepdims = false): number[] {
  if (keepdims) return x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
  return x.shape.filter((_, i) => !axes.includes(i));
}

/** Throws `ShapeError` where an extreme over `axes` would be one of no elements. */
export function requireElements(where: string, x: Tensor, axes: readonly number[]): void {
  if (axes.every((axis) => x.shape[axis] !== 0) || reducedShape(x, axes).includes(0)) return;
  throw new ShapeError(where, `no elements have no extreme, got ${x.toString()}. Check its length first.`);
}

/** A function that must see the elements, so that it cannot stand in a trace. */
export function requireConcrete(where: string, xs: readonly Tensor[], instead: string): void {
  if (xs.some((x) => x.isTraced)) {
    throw new ShapeError(
      where,
      `needs the elements of its arguments, which are not known inside jit, grad, vmap or a step. ${instead}`,
    );
  }
}

export function requireCount(where: string, name: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new OptionError(where, name, value, `an integer from ${least}`);
}
