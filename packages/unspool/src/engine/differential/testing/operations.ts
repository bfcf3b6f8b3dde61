/**
 * Operations of random programs. Floats stay between -2 and 2, and every operation keeps errors about as large as they
 * were. What is decided (comparisons, positions, whole numbers) is decided by values that have no rounding at all.
 */
import { type DType, type Tensor, np, random } from "../../../array/index.ts";
import type { Choices } from "./choices.ts";
import { isFloat } from "./compare.ts";

/** A value of a program; exact if it is the same bit by bit however sums and functions are rounded. */
export interface Value {
  x: Tensor;
  isExact: boolean;
}

/** Makes one or more values of others; undefined where those at hand do not fit. */
export type Operation = (choices: Choices, pool: Pool) => Value | Value[] | undefined;

/** Elements of the largest value that is kept, by default. */
const mostElements = 400;

export class Pool {
  readonly values: Value[] = [];
  /** Float type of the program. */
  readonly dtype: DType;
  readonly #mostElements: number;

  constructor(dtype: DType, most: number = mostElements) {
    this.dtype = dtype;
    this.#mostElements = most;
  }

  add(...values: readonly Value[]): void {
    for (const value of values)
      if (value.x.size > 0 && value.x.size <= this.#mostElements && value.x.ndim <= 4)
        this.values.push(value);
  }

  /** A value that fits, more often a late one. */
  pick(choices: Choices, fits: (value: Value) => boolean): Value | undefined {
    const fitting = this.values.filter(fits);
    if (fitting.length === 0) return undefined;
    const back = Math.min(choices.below(fitting.length), choices.below(fitting.length));
    return fitting[fitting.length - 1 - back];
  }

  float(choices: Choices, fits: (x: Tensor) => boolean = () => true): Value | undefined {
    return this.pick(choices, ({ x }) => x.dtype === this.dtype && fits(x));
  }

  whole(choices: Choices, fits: (x: Tensor) => boolean = () => true): Value | undefined {
    return this.pick(choices, ({ x }) => (x.dtype === "int32" || x.dtype === "uint32") && fits(x));
  }
}

const fitTogether = (a: Tensor, b: Tensor): boolean => {
  const shape = [a.shape, b.shape].map((one) => one.toReversed());
  return shape[0]!.every((n, i) => n === 1 || (shape[1]![i] ?? 1) === 1 || n === shape[1]![i]);
};

const value = (x: Tensor, ...from: readonly Value[]): Value => ({
  x,
  isExact: from.every((one) => one.isExact),
});
const rounded = (x: Tensor): Value => ({ x, isExact: false });
const exact = (x: Tensor): Value => ({ x, isExact: true });

const f = np as unknown as Record<string, (...args: unknown[]) => Tensor>;

const unaries: readonly ((x: Tensor) => Tensor)[] = [
  (x) => f["sin"]!(x),
  (x) => f["cos"]!(x),
  (x) => f["tanh"]!(x),
  (x) => f["exp"]!(x).mul(0.25),
  (x) => f["log"]!(f["abs"]!(x).add(0.5)),
  (x) => f["sqrt"]!(f["abs"]!(x).add(0.125)),
  (x) => f["square"]!(x).mul(0.5),
  (x) => f["reciprocal"]!(f["abs"]!(x).add(1)),
  (x) => x.mul(1.5).sub(x.mul(x).mul(0.25)).mul(0.5),
  (x) => f["arctan"]!(x),
];

const exactUnaries: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.neg(),
  (x) => f["abs"]!(x),
  (x) => x.mul(0.5),
  (x) => np.clip(x, -1, 1.25) as Tensor,
  (x) => np.where(x.greater(0), x, 0) as Tensor,
];

const binaries: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b).mul(0.5),
  (a, b) => a.sub(b).mul(0.5),
  (a, b) => a.mul(b).mul(0.5),
  (a, b) => a.mul(0.75).add(b.mul(0.25)),
];

const quotient: Operation = (choices, pool) => {
  const a = pool.float(choices);
  const b = a && pool.float(choices, (x) => fitTogether(a.x, x));
  return a && b && rounded(a.x.div(f["abs"]!(b.x).add(1)));
};

/** Functions that every machine rounds alike. */
const algebraic: readonly ((x: Tensor) => Tensor)[] = [
  (x) => f["sqrt"]!(f["abs"]!(x).add(0.125)),
  (x) => f["square"]!(x).mul(0.5),
  (x) => x.mul(1.5).sub(x.mul(x).mul(0.25)).mul(0.5),
  (x) => x.mul(0.7).add(0.3),
];

const root: Operation = (choices, pool) => {
  const a = pool.float(choices);
  return a && rounded(choices.of(algebraic)(a.x));
};

const unary: Operation = (choices, pool) => {
  const a = pool.float(choices);
  return a && rounded(choices.of(unaries)(a.x));
};

const exactUnary: Operation = (choices, pool) => {
  const a = pool.float(choices);
  // Discontinuous in its derivative only, so that rounded values may go in.
  return a && value(choices.of(exactUnaries)(a.x), a);
};

const binary: Operation = (choices, pool) => {
  const a = pool.float(choices);
  const b = a && pool.float(choices, (x) => fitTogether(a.x, x));
  return a && b && rounded(choices.of(binaries)(a.x, b.x));
};

const extremum: Operation = (choices, pool) => {
  const a = pool.float(choices);
  const b = a && pool.float(choices, (x) => fitTogether(a.x, x));
  return a && b && value(f[choices.of(["maximum", "minimum"])]!(a.x, b.x), a, b);
};

const comparisons = ["less", "lessEqual", "equal", "notEqual", "greater", "greaterEqual"];
const compare: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ isExact }) => isExact);
  const b =
    a && pool.pick(choices, ({ x, isExact }) => isExact && x.dtype === a.x.dtype && fitTogether(a.x, x));
  // The reference has no order of bools.
  const names = a?.x.dtype === "bool" ? ["equal", "notEqual"] : comparisons;
  return a && b && exact(f[choices.of(names)]!(a.x, b.x));
};

const select: Operation = (choices, pool) => {
  const condition = pool.pick(choices, ({ x }) => x.dtype === "bool");
  const a = pool.pick(choices, ({ x }) => condition !== undefined && fitTogether(condition.x, x));
  const b =
    condition &&
    a &&
    pool.pick(
      choices,
      ({ x }) => x.dtype === a.x.dtype && fitTogether(a.x, x) && fitTogether(condition.x, x),
    );
  return condition && a && b && value(np.where(condition.x, a.x, b.x) as Tensor, a, b);
};

const small = (a: Tensor): Tensor => a.mod(np.array(1000, { dtype: a.dtype }));

/** Whole numbers that overflow wrap around; but not in the interpreter that the reference uses for float64. */
const wrapping: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
];
const bounded: typeof wrapping = [
  (a, b) => small(a).add(small(b)),
  (a, b) =>
    f["maximum"]!(a, b)
      .sub(f["minimum"]!(a, b))
      .mod(np.array(99, { dtype: a.dtype })),
  (a, b) => small(a).mul(small(b)),
];

const wholes: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => f["maximum"]!(a, b),
  (a, b) => f["minimum"]!(a, b),
  (a, b) => f["bitwiseAnd"]!(a, b),
  (a, b) => f["bitwiseOr"]!(a, b),
  (a, b) => f["bitwiseXor"]!(a, b),
  (a) => a.mod(np.array(7, { dtype: a.dtype })),
  (a) => f["floorDivide"]!(a, np.array(3, { dtype: a.dtype })),
  (a) => f["rightShift"]!(a, np.array(3, { dtype: a.dtype })),
  (a) => f["leftShift"]!(a, np.array(5, { dtype: a.dtype })),
];

const wholeBinary: Operation = (choices, pool) => {
  const a = pool.whole(choices);
  const b = a && pool.whole(choices, (x) => x.dtype === a.x.dtype && fitTogether(a.x, x));
  const arithmetic = pool.dtype === "float64" ? bounded : wrapping;
  return a && b && exact(choices.of([...arithmetic, ...wholes])(a.x, b.x));
};

const cast: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ isExact }) => isExact);
  if (a === undefined) return undefined;
  const { x } = a;
  if (isFloat(x.dtype)) {
    const to = choices.of(["int32", "bool", "float64"] as const);
    if (to === "int32") return exact(x.mul(8).astype(to));
    return exact(to === "bool" ? x.astype(to) : x.astype(to).astype(x.dtype));
  }
  const to = choices.of([pool.dtype, "int32", "uint32", "bool"] as const);
  if (!isFloat(to)) return exact(x.astype(to));
  // Whole numbers become floats in range.
  return exact(
    x.dtype === "bool"
      ? x.astype(to)
      : x
          .mod(np.array(4, { dtype: x.dtype }))
          .astype(to)
          .mul(0.5),
  );
};

const axesOf = (x: Tensor): number[] => x.shape.map((_, i) => i);

/** An order of the axes by choice. */
function permutation(choices: Choices, count: number): number[] {
  const left = Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: count }, () => left.splice(choices.below(left.length), 1)[0]!);
}

/** Another shape of as many elements. */
function otherShape(choices: Choices, size: number): number[] {
  const shape: number[] = [];
  let left = size;
  while (left > 1 && shape.length < 2) {
    const divisors = Array.from({ length: Math.min(left, 9) }, (_, i) => i + 1).filter((d) => left % d === 0);
    const length = choices.of(divisors);
    shape.push(length);
    left /= length;
  }
  return [...shape, left];
}

const some = (choices: Choices, axes: readonly number[]): number[] => axes.filter(() => choices.flag());

const viewers: readonly ((x: Tensor, choices: Choices) => Tensor)[] = [
  (x, choices) => x.transpose(permutation(choices, x.ndim)),
  (x, choices) => x.reshape(otherShape(choices, x.size)),
  (x, choices) => np.flip(x, some(choices, axesOf(x))) as Tensor,
  (x, choices) =>
    x.slice(
      ...x.shape.map((length): [number, number] | number => {
        const from = choices.below(length);
        return choices.below(4) === 0 ? from : [from, from + 1 + choices.below(length - from)];
      }),
    ),
  (x, choices) => np.expandDims(x, choices.below(x.ndim + 1)) as Tensor,
  (x, choices) => np.broadcastTo(x, [1 + choices.below(4), ...x.shape]) as Tensor,
  (x, choices) =>
    x.ndim === 0
      ? (np.broadcastTo(x, [3]) as Tensor)
      : (np.pad(
          x,
          x.shape.map((): [number, number] => [choices.below(3), choices.below(3)]),
        ) as Tensor),
  (x, choices) => np.tile(x, 1 + choices.below(3)) as Tensor,
  (x, choices) => (x.ndim === 0 ? x : (np.repeat(x, 2, choices.below(x.ndim)) as Tensor)),
];

const view: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x }) => x.dtype !== "bool");
  return a && value(choices.of(viewers)(a.x, choices), a);
};

const join: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x }) => x.dtype !== "bool" && x.ndim > 0);
  if (a === undefined) return undefined;
  const axis = choices.below(a.x.ndim);
  const isStack = choices.below(3) === 0;
  const fits = (x: Tensor): boolean =>
    x.dtype === a.x.dtype &&
    x.ndim === a.x.ndim &&
    x.shape.every((length, i) => (!isStack && i === axis) || length === a.x.shape[i]);
  const others = Array.from({ length: 1 + choices.below(2) }, () => pool.pick(choices, ({ x }) => fits(x))!);
  const all = [a, ...others];
  const tensors = all.map(({ x }) => x);
  return value((isStack ? np.stack(tensors, axis) : np.concatenate(tensors, axis)) as Tensor, ...all);
};

const split: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x }) => x.dtype !== "bool" && x.shape.some((length) => length > 1));
  if (a === undefined) return undefined;
  const axis = choices.of(axesOf(a.x).filter((i) => a.x.shape[i]! > 1));
  const at = 1 + choices.below(a.x.shape[axis]! - 1);
  return (np.split(a.x, [at], axis) as Tensor[]).map((part) => value(part, a));
};

const reduce: Operation = (choices, pool) => {
  const a = pool.float(choices, (x) => x.ndim > 0);
  if (a === undefined) return undefined;
  const axes = some(choices, axesOf(a.x));
  const axis = axes.length === 0 ? choices.below(a.x.ndim) : axes;
  const keepdims = choices.flag();
  const kind = choices.below(6);
  if (kind === 0) return value(a.x.max(axis, { keepdims }), a);
  if (kind === 1) return value(a.x.min(axis, { keepdims }), a);
  if (kind === 2) return rounded(a.x.mul(0.5).prod(axis, { keepdims }));
  if (kind === 3) return rounded((np.cumsum(a.x, choices.below(a.x.ndim)) as Tensor).mul(1 / 16));
  return rounded(a.x.mean(axis, { keepdims }));
};

const reduceWhole: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x, isExact }) => isExact && x.ndim > 0);
  if (a === undefined) return undefined;
  const axis = choices.below(a.x.ndim);
  if (a.x.dtype === "bool") return exact(choices.flag() ? a.x.any(axis) : a.x.all(axis));
  if (choices.below(3) > 0) return exact(f[choices.of(["argmax", "argmin"])]!(a.x, axis));
  if (isFloat(a.x.dtype)) return undefined;
  const tame = pool.dtype === "float64" ? a.x.mod(np.array(5, { dtype: a.x.dtype })) : a.x;
  return exact(choices.of([tame.sum(axis), tame.prod(axis), a.x.max(axis), a.x.min(axis)]));
};

const product: Operation = (choices, pool) => {
  const a = pool.float(choices, (x) => x.ndim > 0);
  if (a === undefined) return undefined;
  const depth = a.x.shape.at(-1)!;
  const scaled = (x: Tensor): Value => rounded(x.mul(0.5 / depth));
  const b = pool.float(choices, (x) => x.ndim > 0 && x.shape.at(-1) === depth);
  const c = pool.float(choices, (x) => x.ndim >= 2 && x.ndim <= 3 && x.shape.at(-2) === depth);
  const kind = choices.below(4);
  if (kind === 0 && b !== undefined && a.x.ndim === 2 && b.x.ndim === 2)
    return scaled(np.einsum("ij,kj->ki", a.x, b.x) as Tensor);
  if (kind === 1 && b !== undefined && a.x.ndim + b.x.ndim <= 5) return scaled(np.inner(a.x, b.x) as Tensor);
  if (c !== undefined && a.x.ndim <= 2) return scaled(np.matmul(a.x, c.x) as Tensor);
  if (a.x.ndim === 2) return scaled(np.matmul(a.x, a.x.transpose()) as Tensor);
  return b && scaled(np.dot(a.x.reshape([-1, depth]), b.x.reshape([-1, depth]).transpose()) as Tensor);
};

const gather: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x }) => x.dtype !== "bool" && x.ndim > 0);
  const indices =
    a && pool.pick(choices, ({ x }) => (x.dtype === "int32" || x.dtype === "uint32") && x.ndim <= 2);
  if (a === undefined || indices === undefined) return undefined;
  const axis = choices.below(a.x.ndim);
  const length = a.x.shape[axis]!;
  const words = indices.x.astype("uint32");
  const within = words.mod(np.array(length, { dtype: "uint32" })).astype("int32");
  // In derivatives the reference forgets the remainder of whole numbers.
  return value(np.take(a.x, np.clip(within, 0, length - 1) as Tensor, axis) as Tensor, a);
};

const order: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x, isExact }) => isExact && x.dtype !== "bool" && x.ndim > 0);
  if (a === undefined) return undefined;
  const axis = choices.below(a.x.ndim);
  return exact(choices.flag() ? (np.sort(a.x, axis) as Tensor) : (np.argsort(a.x, axis) as Tensor));
};

const draw: Operation = (choices, pool) => {
  const base = pool.pick(choices, ({ x }) => x.dtype === "uint32" && String(x.shape) === "2");
  if (base === undefined) return undefined;
  const by = pool.whole(choices, (x) => x.ndim === 0);
  const key = random.foldIn(base.x, by === undefined ? choices.below(99) : by.x.astype("uint32"));
  const shape = Array.from({ length: choices.below(3) }, () => 1 + choices.below(5));
  const kind = choices.below(4);
  if (kind === 0) return exact(random.bits(key, shape));
  if (kind === 1) return exact(random.uniform(key, shape).astype(pool.dtype));
  // Normal draws have the rounding of float32 whatever their dtype.
  if (kind === 2 || pool.dtype === "float64") return exact(key);
  return rounded(np.clip(random.normal(key, shape).astype(pool.dtype), -2, 2) as Tensor);
};

const times = (count: number, operation: Operation): Operation[] =>
  Array.from({ length: count }, () => operation);

/** Sums, products, roots, and what moves elements: by how often they are taken. */
export const arithmetic: readonly Operation[] = [
  ...times(2, root),
  ...times(2, exactUnary),
  ...times(4, binary),
  extremum,
  compare,
  select,
  ...times(5, view),
  ...times(2, join),
  split,
  ...times(4, reduce),
  ...times(3, product),
  ...times(2, gather),
];

/** What treats the rows of a long array one like the other. */
export const rowwise: readonly Operation[] = [
  ...times(4, unary),
  ...times(2, exactUnary),
  ...times(4, binary),
  quotient,
  extremum,
  ...times(4, product),
  ...times(2, reduce),
];

/** All operations, by how often they are taken. */
export const operations: readonly Operation[] = [
  ...times(4, unary),
  ...times(2, exactUnary),
  ...times(4, binary),
  quotient,
  extremum,
  compare,
  select,
  ...times(2, wholeBinary),
  cast,
  ...times(5, view),
  ...times(2, join),
  split,
  ...times(3, reduce),
  reduceWhole,
  ...times(2, product),
  ...times(2, gather),
  order,
  draw,
];
