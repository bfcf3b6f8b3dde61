/** Operations of random programs that move, join, sum and order elements, multiply matrices, and draw. */
import { type Tensor, np, random } from "../../../array/index.ts";
import type { Choices } from "./choices.ts";
import { isFloat } from "./compare.ts";
import { type Operation, type Value, exact, f, rounded, value } from "./pool.ts";

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

export const view: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x }) => x.dtype !== "bool");
  return a && value(choices.of(viewers)(a.x, choices), a);
};

export const join: Operation = (choices, pool) => {
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

export const split: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x }) => x.dtype !== "bool" && x.shape.some((length) => length > 1));
  if (a === undefined) return undefined;
  const axis = choices.of(axesOf(a.x).filter((i) => a.x.shape[i]! > 1));
  const at = 1 + choices.below(a.x.shape[axis]! - 1);
  return (np.split(a.x, [at], axis) as Tensor[]).map((part) => value(part, a));
};

export const reduce: Operation = (choices, pool) => {
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

export const reduceWhole: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x, isExact }) => isExact && x.ndim > 0);
  if (a === undefined) return undefined;
  const axis = choices.below(a.x.ndim);
  if (a.x.dtype === "bool") return exact(choices.flag() ? a.x.any(axis) : a.x.all(axis));
  if (choices.below(3) > 0) return exact(f[choices.of(["argmax", "argmin"])]!(a.x, axis));
  if (isFloat(a.x.dtype)) return undefined;
  const tame = pool.dtype === "float64" ? a.x.mod(np.array(5, { dtype: a.x.dtype })) : a.x;
  return exact(choices.of([tame.sum(axis), tame.prod(axis), a.x.max(axis), a.x.min(axis)]));
};

export const product: Operation = (choices, pool) => {
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

export const gather: Operation = (choices, pool) => {
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

export const order: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ x, isExact }) => isExact && x.dtype !== "bool" && x.ndim > 0);
  if (a === undefined) return undefined;
  const axis = choices.below(a.x.ndim);
  return exact(choices.flag() ? (np.sort(a.x, axis) as Tensor) : (np.argsort(a.x, axis) as Tensor));
};

export const draw: Operation = (choices, pool) => {
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
