/**
 * Operations on a few elements at hand, without jax-js: those whose result IEEE 754 or the ring of whole numbers fixes,
 * and those that only give elements another name. A dispatch of jax-js takes a quarter of a millisecond, as long as
 * a hundred thousand of these; a float32 that is computed in float64 and rounded once is the float32 result for all of
 * them. In a trace nothing is at hand, and everything is recorded.
 */
import { type DType, type TensorData, allocate, isFloat } from "./dtype.ts";
import { concrete, isTensor, isTracing } from "./lift.ts";
import type { Tensor } from "./tensor.ts";

type Binary = (a: number, b: number) => number;
type Unary = (a: number) => number;
type Lifted = (...args: unknown[]) => unknown;

/** From so many elements on vector instructions are worth the dispatch. */
const most = 16_384;

/** Of two floats, or of two whole numbers modulo 2^32, which the typed array that takes them reduces. */
const binary: Readonly<Record<string, { float: Binary; single?: Binary; whole?: Binary }>> = {
  add: { float: (a, b) => a + b, whole: (a, b) => a + b },
  subtract: { float: (a, b) => a - b, whole: (a, b) => a - b },
  multiply: { float: (a, b) => a * b, whole: Math.imul },
  divide: { float: (a, b) => a * (1 / b), single: throughReciprocal },
  trueDivide: { float: (a, b) => a * (1 / b), single: throughReciprocal },
  maximum: { float: Math.max, whole: Math.max },
  minimum: { float: Math.min, whole: Math.min },
};

/** A quotient with the bits that it has in programs, where it is a product with the reciprocal. */
function throughReciprocal(a: number, b: number): number {
  return a * Math.fround(1 / b);
}

const comparisons: Readonly<Record<string, Binary>> = {
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
  greater: (a, b) => Number(a > b),
  greaterEqual: (a, b) => Number(a >= b),
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
};

/** Of a float. */
const unary: Readonly<Record<string, Unary>> = {
  negative: (a) => -a,
  sqrt: Math.sqrt,
  square: (a) => a * a,
  reciprocal: (a) => 1 / a,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
};

/** Questions to a float. */
const questions: Readonly<Record<string, Unary>> = {
  isnan: (a) => Number(Number.isNaN(a)),
  isinf: (a) => Number(Math.abs(a) === Infinity),
  isfinite: (a) => Number(Number.isFinite(a)),
};

/** `run`, the function of jax-js with this name, which takes what is not done here, and says what is wrong. */
export function directly(name: string, run: Lifted): Lifted {
  const [two, order, one] = [binary[name], comparisons[name], unary[name] ?? questions[name]];
  if (two === undefined && order === undefined && one === undefined) return run;
  const isQuestion = name in questions;
  return (...args) => {
    if (isTracing() || !args.every(isAtHand)) return run(...args);
    const [a, b] = args;
    if (args.length === 1 && one !== undefined && isFloat(a!.dtype)) {
      return each(a!, one, isQuestion ? "bool" : a!.dtype);
    }
    if (args.length !== 2 || a!.dtype !== b!.dtype) return run(...args);
    if (order !== undefined) return eachPair(a!, b!, order, "bool") ?? run(...args);
    const op = two && operation(two, a!.dtype);
    return (op && eachPair(a!, b!, op, a!.dtype)) ?? run(...args);
  };
}

function operation(of: (typeof binary)[string], dtype: DType): Binary | undefined {
  if (dtype === "bool") return undefined;
  if (!isFloat(dtype)) return of.whole;
  return dtype === "float32" ? (of.single ?? of.float) : of.float;
}

/** `run` selects by a condition. */
export function directSelection(run: Lifted): Lifted {
  return (...args) => {
    if (isTracing() || args.length !== 3 || !args.every(isAtHand)) return run(...args);
    const [condition, x, y] = args as [Tensor, Tensor, Tensor];
    const inner = common(x.shape, y.shape);
    const shape = inner && common(condition.shape, inner);
    if (shape === undefined || x.dtype !== y.dtype || condition.dtype !== "bool") return run(...args);
    const [chosen, a, b] = [condition, x, y].map((one) => spread(one, shape)) as [
      TensorData,
      TensorData,
      TensorData,
    ];
    const out = allocate(x.dtype, chosen.length);
    for (let i = 0; i < out.length; i++) out[i] = chosen[i] !== 0 ? a[i]! : b[i]!;
    return concrete(out, shape, x.dtype);
  };
}

/** The same elements under another shape, if it is one of theirs. */
export function directReshape(x: Tensor, shape: readonly number[]): Tensor | undefined {
  if (isTracing() || !isAtHand(x) || shape.some((length) => !Number.isInteger(length) || length < 0))
    return undefined;
  if (sizeOf(shape) !== x.size) return undefined;
  return concrete(x.data.slice(), [...shape], x.dtype);
}

/** A float as another one, and any number as a float: rounded to the nearest. */
export function directCast(x: Tensor, dtype: DType): Tensor | undefined {
  if (isTracing() || !isAtHand(x) || (!isFloat(dtype) && dtype !== x.dtype)) return undefined;
  const out = allocate(dtype, x.size);
  out.set(x.data);
  return concrete(out, x.shape, dtype);
}

/** Whether all, or any, of all bools are true. */
export function directTruth(x: Tensor, of: "every" | "some"): Tensor | undefined {
  if (isTracing() || !isAtHand(x) || x.dtype !== "bool") return undefined;
  return concrete(Int32Array.of(Number((x.data as Int32Array)[of]((one) => one !== 0))), [], "bool");
}

function isAtHand(x: unknown): x is Tensor {
  return isTensor(x) && !x.isTraced && !x.isWeak && x.size <= most;
}

function each(x: Tensor, op: Unary, dtype: DType): Tensor {
  const { data } = x;
  const out = allocate(dtype, data.length);
  for (let i = 0; i < out.length; i++) out[i] = op(data[i]!);
  return concrete(out, x.shape, dtype);
}

/** Undefined where the shapes have none in common, or too large a one. */
function eachPair(x: Tensor, y: Tensor, op: Binary, dtype: DType): Tensor | undefined {
  const shape = common(x.shape, y.shape);
  if (shape === undefined) return undefined;
  const [a, b] = [spread(x, shape), spread(y, shape)];
  const out = allocate(dtype, a.length);
  for (let i = 0; i < out.length; i++) out[i] = op(a[i]!, b[i]!);
  return concrete(out, shape, dtype);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** The shape to which both are spread, as NumPy does: axes from the last one on, those of length 1 as often as needed. */
function common(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (m !== n && m !== 1 && n !== 1) return undefined;
    shape.push(m === 1 ? n : m);
  }
  return sizeOf(shape) <= most ? shape : undefined;
}

/** The elements of x spread to a shape that it has in common with another. */
function spread(x: Tensor, shape: readonly number[]): TensorData {
  const size = sizeOf(shape);
  if (x.data.length === size) return x.data;
  const out = allocate(x.dtype, size);
  if (x.data.length === 1) return out.fill(x.data[0]!);
  // From the last axis to the first: place of an element of `out` in x.
  let [inner, step] = [1, 1];
  const places = new Int32Array(size);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const own = x.shape[axis - shape.length + x.shape.length] ?? 1;
    if (own > 1) for (let i = 0; i < size; i++) places[i]! += (Math.floor(i / inner) % own) * step;
    step *= own;
    inner *= shape[axis]!;
  }
  for (let i = 0; i < size; i++) out[i] = x.data[places[i]!]!;
  return out;
}
