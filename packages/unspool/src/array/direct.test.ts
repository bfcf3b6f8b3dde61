/** What is computed without jax-js is, bit for bit, what jax-js computes: inside `jit` nothing is at hand. */
import { describe, expect, test } from "vitest";
import { type Tensor, type TensorLike, grad, jit, np } from "./index.ts";
import type { DType } from "./dtype.ts";

const special = [
  0,
  -0,
  1,
  -1,
  0.1,
  -2.5,
  3,
  1e-45,
  5e-324,
  1e-38,
  3.4e38,
  1e308,
  Infinity,
  -Infinity,
  NaN,
  7,
  1 / 3,
];
const whole = [0, 1, -1, 2, 7, -13, 46341, 2 ** 31 - 1, -(2 ** 31), 65536, 3];

function operands(dtype: DType, length: number, offset: number): number[] {
  const from = dtype === "float32" || dtype === "float64" ? special : whole;
  const values = Array.from({ length }, (_, i) => from[(i * 7 + offset) % from.length]!);
  return dtype === "uint32" ? values.map((x) => x >>> 0) : values;
}

/** Every value beside every other one, and shapes that are spread. */
const shapes: [number[], number[]][] = [
  [[17, 1], [1, 17]],
  [[], [5]],
  [[4], []],
  [[3, 1, 2], [4, 1]],
  [[2, 3], [2, 3]],
  [[0, 3], [1, 3]],
  [[1], [0]],
]; // prettier-ignore

function same(got: Tensor, wanted: Tensor): void {
  expect([got.dtype, got.shape, got.isWeak]).toEqual([wanted.dtype, wanted.shape, wanted.isWeak]);
  // -0 is 0 to jax-js where it knows one operand.
  expect(Array.from(got.data, (x) => x + 0)).toEqual(Array.from(wanted.data, (x) => x + 0));
}

const pairwise = {
  add: (x: Tensor, y: Tensor) => x.add(y),
  sub: (x: Tensor, y: Tensor) => x.sub(y),
  mul: (x: Tensor, y: Tensor) => x.mul(y),
  maximum: np.maximum,
  minimum: np.minimum,
  less: (x: Tensor, y: Tensor) => x.less(y),
  lessEqual: (x: Tensor, y: Tensor) => x.lessEqual(y),
  greater: (x: Tensor, y: Tensor) => x.greater(y),
  greaterEqual: (x: Tensor, y: Tensor) => x.greaterEqual(y),
  equal: (x: Tensor, y: Tensor) => x.equal(y),
  notEqual: (x: Tensor, y: Tensor) => x.notEqual(y),
  where: (x: Tensor, y: Tensor) => np.where(x.greater(y), x, y),
} as Record<string, (x: Tensor, y: Tensor) => Tensor>;

describe.each(["float32", "float64", "int32", "uint32"] as const)("%s", (dtype) => {
  test.each(Object.entries(pairwise))("%s", (_name, fn) => {
    const compiled = jit(fn);
    for (const [a, b] of shapes) {
      const [x, y] = [a, b].map((shape, i) => {
        const length = shape.reduce((product, n) => product * n, 1);
        return np.array(operands(dtype, length, i), { dtype, shape });
      }) as [Tensor, Tensor];
      same(fn(x, y), compiled(x, y));
    }
  });
});

const single = {
  neg: (x: Tensor) => x.neg(),
  sqrt: np.sqrt,
  floor: np.floor,
  ceil: np.ceil,
  trunc: np.trunc,
  square: np.square,
  isnan: np.isnan,
  isinf: np.isinf,
  isfinite: np.isfinite,
  reshape: (x: Tensor) => x.reshape([x.size, 1]),
  flatten: (x: Tensor) => x.reshape([1, x.size]).flatten(),
  all: (x: Tensor) => x.all(),
  any: (x: Tensor) => x.any(),
  "all of finite": (x: Tensor) => np.isfinite(x).all(),
  astype: (x: Tensor) => x.astype("float32"),
  widened: (x: Tensor) => x.astype("float64"),
} as Record<string, (x: Tensor) => Tensor>;

test.each(Object.entries(single))("%s of floats", (_name, fn) => {
  for (const dtype of ["float32", "float64"] as const) {
    const x = np.array(special, { dtype });
    same(fn(x), jit(fn)(x));
  }
});

test.each(["int32", "uint32", "bool"] as const)("%s as floats", (dtype) => {
  const x = dtype === "bool" ? np.array([true, false]) : np.array(operands(dtype, 11, 0), { dtype });
  for (const to of ["float32", "float64"] as const) same(x.astype(to), jit((y: Tensor) => y.astype(to))(x));
});

test.each(["float32", "float64"] as const)("quotients of %s have the bits of those in a program", (dtype) => {
  const x = np.array(special, { dtype, shape: [17, 1] });
  const y = np.array(
    special.map((_, i) => special[(i + 3) % 17]!),
    { dtype },
  );
  for (const fn of [(a: Tensor, b: Tensor) => a.div(b), (a: Tensor) => np.reciprocal(a)])
    same(fn(x, y), jit(fn)(x, y));
});

test("plain numbers, on both sides, and derivatives are as they were", () => {
  const x = np.array([1, -2, 0.5]);
  const both = (fn: (x: Tensor, c: TensorLike) => Tensor) =>
    same(fn(x, 0.1), jit((y: Tensor) => fn(y, 0.1))(x));
  both((y, c) => y.mul(c));
  both((y, c) => np.subtract(c, y));
  both((y, c) => np.where(y.less(c), c, y));
  expect(grad((y: Tensor) => y.mul(x).sum())(x).toArray()).toEqual([1, -2, 0.5]);
});

test("shapes that have none in common are refused as before", () => {
  expect(() => np.zeros([2]).add(np.zeros([3]))).toThrow();
  expect(() => np.zeros([6]).reshape([4])).toThrow();
});

test("the result is another array: writing to what one reads does not change the other", () => {
  const x = np.array([1, 2]);
  expect(x.reshape([2, 1]).data).not.toBe(x.data);
  expect(x.astype("float32").data).not.toBe(x.data);
});
