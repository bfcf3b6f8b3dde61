/**
 * Indexing by NumPy's rules: negative numbers count from the end, ranges stop at the ends, steps may be negative.
 *
 * A plain number out of range is an error. Elements of an index tensor may be known only when a program runs, so there
 * the rule is JAX's: negative ones count from the end, what is still out of range is moved to the nearest end; the same
 * eagerly, compiled, mapped and differentiated.
 */
import * as jax from "@jax-js/jax";
import { ShapeError, show } from "../errors.ts";
import { plainAxis } from "./axes.ts";
import type { Raw } from "./backend.ts";
import { concrete, isTensor, lift, liftMethod } from "./lift.ts";
import { tensorFrom } from "./guard.ts";
import type { NestedNumbers, Tensor } from "./tensor.ts";

type End = number | null;

/**
 * One index of `slice`: an element, a range `[start, stop, step]` whose ends may be left out or `null`, everything
 * (`[]`), all axes between (`"..."`), a new axis (`null`), or a tensor of indices or a mask.
 */
export type Index = number | [] | [End] | [End, End] | [End, End, End] | "..." | null | Tensor;

/** What an index does to the axes it stands for. */
type Step =
  | { kind: "new" }
  | { kind: "element"; at: number }
  | { kind: "range"; start: number; count: number; step: number; length: number }
  | { kind: "gather"; index: Tensor };

/** `x[index[0], index[1], …]`. */
export function sliced(where: string, x: Tensor, index: readonly unknown[]): Tensor {
  const steps = stepsOf(where, x, index);
  const tensors = steps.flatMap((one) => (one.kind === "gather" ? [one.index] : []));
  const isStrided = steps.some((one) => one.kind === "range" && one.step !== 1);
  return liftMethod(
    x,
    (raw, ...indices) => {
      const start = isStrided ? stride(raw, steps) : raw;
      const rest = [...indices];
      const plain = steps.map((one) => {
        if (one.kind === "new") return null;
        if (one.kind === "element") return one.at;
        if (one.kind === "gather") return rest.shift()!;
        return one.step === 1 ? [one.start, one.start + one.count] : [];
      });
      return start.slice(...(plain as Parameters<Raw["slice"]>));
    },
    ...tensors,
  );
}

function stepsOf(where: string, x: Tensor, index: readonly unknown[]): Step[] {
  const axesOf = (one: unknown) => (one === null || one === "..." ? 0 : isMask(one) ? one.ndim : 1);
  const used = index.reduce((sum: number, one) => sum + axesOf(one), 0);
  if (used > x.ndim) {
    const isPair = x.ndim === 1 && index.every((one) => typeof one === "number");
    const hint = isPair ? " A range is x.slice([1, 3])." : " Give one index per axis, at most.";
    throw new ShapeError(where, `got ${used} indices for the ${x.ndim} axes of ${x.toString()}.${hint}`);
  }
  if (index.filter((one) => one === "...").length > 1) {
    throw new ShapeError(
      where,
      'got "..." twice. It stands for all axes that no other index names: write it once.',
    );
  }
  let axis = 0;
  return index.flatMap((one): Step[] => {
    if (one === null) return [{ kind: "new" }];
    const own = x.shape.slice(axis, axis + (one === "..." ? x.ndim - used : axesOf(one)));
    axis += own.length;
    if (one === "...")
      return own.map((length) => ({ kind: "range", length, start: 0, count: length, step: 1 }));
    if (isMask(one)) return maskIndices(where, one, own).map((at) => ({ kind: "gather", index: at }));
    return [stepOf(where, one, own[0]!, axis - 1)];
  });
}

function stepOf(where: string, one: unknown, length: number, axis: number): Step {
  if (isTensor(one)) return { kind: "gather", index: inRange(where, one, length) };
  if (typeof one === "number") return { kind: "element", at: element(where, one, length, axis) };
  if (Array.isArray(one) && one.length <= 3 && one.every((end) => end == null || Number.isInteger(end))) {
    return { kind: "range", length, ...rangeOf(where, one as (number | null | undefined)[], length) };
  }
  throw new ShapeError(
    where,
    `an index is a whole number, a range [start, stop, step], "...", null or a tensor, got ${show(one)}. ` +
      "Elements at a list of places are x.slice(np.array([0, 2], { dtype: 'int32' })).",
  );
}

function element(where: string, at: number, length: number, axis: number): number {
  if (!Number.isInteger(at)) {
    throw new ShapeError(
      where,
      `an index must be a whole number, got ${at}. Round it first, with Math.floor.`,
    );
  }
  if (at >= length || at < -length) {
    const allowed = length === 0 ? "it has none" : `they go from ${-length} to ${length - 1}`;
    throw new ShapeError(where, `element ${at} of axis ${axis} does not exist: ${allowed}.`);
  }
  return at < 0 ? at + length : at;
}

/** As Python's `slice(start, stop, step).indices(length)`. */
function rangeOf(
  where: string,
  [first, last, given]: readonly (number | null | undefined)[],
  length: number,
): { start: number; count: number; step: number } {
  const step = given ?? 1;
  if (step === 0)
    throw new ShapeError(where, "the step of a range must not be 0. Write 1, or -1 to go backwards.");
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const end = (value: number) => Math.min(highest, Math.max(lowest, value < 0 ? value + length : value));
  const start = first == null ? (step > 0 ? lowest : highest) : end(first);
  const stop = last == null ? (step > 0 ? highest : lowest) : end(last);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return { start: count === 0 ? 0 : start, count, step: count === 0 ? 1 : step };
}

/** Takes the ranges with a step; every other axis stays whole. Views only, so derivatives are views too. */
function stride(raw: Raw, steps: readonly Step[]): Raw {
  let x = raw;
  const old = steps.filter(({ kind }) => kind !== "new");
  for (const [axis, one] of old.entries()) {
    if (one.kind !== "range" || one.step === 1) continue;
    const size = Math.abs(one.step);
    const lowest = one.step > 0 ? one.start : one.start + (one.count - 1) * one.step;
    x = everyNth(x, axis, lowest, one.count, size);
    if (one.step < 0) x = jax.numpy.flip(x, axis);
  }
  return x;
}

/** Elements start, start + size, …, the first of `count` rows of `size`. */
function everyNth(x: Raw, axis: number, start: number, count: number, size: number): Raw {
  const around = x.shape.map((): [] => []);
  const range = (one: Raw, from: number, to: number) =>
    one.slice(...around.map((whole, i): [] | [number, number] => (i === axis ? [from, to] : whole)));
  if (size === 1) return range(x, start, start + count);
  const length = x.shape[axis]!;
  const missing = Math.max(0, start + count * size - length);
  const rows = range(
    missing === 0 ? x : jax.numpy.pad(x, { [axis]: [0, missing] }),
    start,
    start + count * size,
  );
  const before = rows.shape.slice(0, axis);
  const after = rows.shape.slice(axis + 1);
  return rows.reshape([...before, count, size, ...after]).slice(...before.map((): [] => []), [], 0);
}

const isMask = (one: unknown): one is Tensor => isTensor(one) && one.dtype === "bool";

/** The places where a mask over axes of the lengths `shape` is true, one index per axis, in row-major order. */
function maskIndices(where: string, mask: Tensor, shape: readonly number[]): Tensor[] {
  if (mask.isTraced) {
    throw new ShapeError(
      where,
      `a mask that is computed inside jit, grad, vmap or a step picks an unknown number of elements, got ${mask.toString()}. ` +
        "Use np.where(mask, x, other), which keeps the shape.",
    );
  }
  if (mask.ndim === 0)
    throw new ShapeError(where, "a mask needs an axis, got a bool scalar. Use np.where instead.");
  if (String(mask.shape) !== String(shape)) {
    throw new ShapeError(
      where,
      `a mask must have the lengths of its axes, [${shape.join(",")}], got ${mask.toString()}.`,
    );
  }
  const places: number[] = [];
  mask.data.forEach((value, i) => value !== 0 && places.push(i));
  return shape.map((length, axis) => {
    const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
    const own = Int32Array.from(places, (place) => Math.floor(place / stride) % length);
    return concrete(own, [places.length], "int32");
  });
}

function requireIndices(where: string, index: Tensor): void {
  if (index.dtype === "int32" || index.dtype === "uint32") return;
  throw new ShapeError(
    where,
    `indices must be int32 or uint32, got ${index.toString()}. Use index.astype("int32").`,
  );
}

/** Indices into `length` elements: negative ones from the end, what is out of range at the nearest end. */
export function inRange(where: string, index: Tensor, length: number): Tensor {
  requireIndices(where, index);
  if (length === 0 && index.size > 0) {
    throw new ShapeError(
      where,
      `no element can be taken from an axis of length 0, got indices ${index.toString()}.`,
    );
  }
  if (!index.isTraced) {
    if (index.data.every((i) => i >= 0 && i < length)) return index;
    const own = Int32Array.from(index.data, (i) => Math.max(0, Math.min(length - 1, i < 0 ? i + length : i)));
    return concrete(own, index.shape, "int32");
  }
  const bound = (value: number) => concrete(Int32Array.of(value), [], "int32");
  if (index.dtype === "uint32") {
    return minimum(index, concrete(Uint32Array.of(length - 1), [], "uint32")).astype("int32");
  }
  const fromEnd = where3(index.less(bound(0)), index.add(bound(length)), index);
  return maximum(minimum(fromEnd, bound(length - 1)), bound(0));
}

const minimum = lift(jax.numpy.minimum) as (x: Tensor, y: Tensor) => Tensor;
const maximum = lift(jax.numpy.maximum) as (x: Tensor, y: Tensor) => Tensor;
const where3 = lift(jax.numpy.where) as (condition: Tensor, x: Tensor, y: Tensor) => Tensor;
const alongAxis = lift(jax.numpy.takeAlongAxis) as (x: Tensor, indices: Tensor, axis: number) => Tensor;

/** Elements at the indices (a number or a tensor of any shape) along an axis; of the flattened x by default. */
export function take(x: Tensor, given: Tensor | NestedNumbers, axis: number | null = null): Tensor {
  const name = "np.take";
  const indices = Array.isArray(given) ? nestedIndices(name, given) : given;
  if (isMask(indices)) throw new ShapeError(name, "indices must be int32, got a mask. Use x.slice(mask).");
  if (axis === null) return sliced(name, x.flatten(), [indices]);
  const along = plainAxis(name, axis, x.ndim);
  return sliced(name, x, [...Array.from({ length: along }, (): [] => []), indices]);
}

/** `out[i][j] = x[i][indices[i][j]]` for axis 1 of two, and so on. */
export function takeAlongAxis(x: Tensor, given: Tensor | NestedNumbers[], axis = -1): Tensor {
  const name = "np.takeAlongAxis";
  const indices = isTensor(given) ? given : nestedIndices(name, given);
  const along = plainAxis(name, axis, x.ndim);
  if (indices.ndim !== x.ndim) {
    throw new ShapeError(
      name,
      `indices need the ${x.ndim} axes of ${x.toString()}, got ${indices.toString()}.`,
    );
  }
  return alongAxis(x, inRange(name, indices, x.shape[along]!), along);
}

/** Whole numbers in nested arrays as a tensor of indices. */
function nestedIndices(where: string, values: unknown): Tensor {
  const indices = tensorFrom(values);
  const isWhole = !indices.isTraced && indices.dtype === "float32" && indices.data.every(Number.isInteger);
  return isWhole ? indices.astype("int32") : indices;
}
