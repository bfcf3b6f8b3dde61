/** Indexing against NumPy 1.24.2: the comments give its calls. `x` is `np.arange(12.).reshape(3, 4)`. */
import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Index, type Tensor, grad, jit, np, vmap } from "./index.ts";

const x = np.arange(12).astype("float32").reshape([3, 4]);
const v = np.array([10, 20, 30, 40, 50]);
const ints = (values: number[]) => np.array(values, { dtype: "int32" });

describe("ranges and elements", () => {
  const rows: [string, Tensor, Index[], unknown][] = [
    ["x[-1]", x, [-1], [8, 9, 10, 11]],
    ["x[..., 0]", x, ["...", 0], [0, 4, 8]],
    ["x[0, ...]", x, [0, "..."], [0, 1, 2, 3]],
    ["x[..., None, -1]", x, ["...", null, -1], [[3], [7], [11]]],
    ["v[0:5:2]", v, [[0, 5, 2]], [10, 30, 50]],
    ["v[1::2]", v, [[1, null, 2]], [20, 40]],
    ["v[::-1]", v, [[null, null, -1]], [50, 40, 30, 20, 10]],
    ["v[::-2]", v, [[null, null, -2]], [50, 30, 10]],
    ["v[3:0:-2]", v, [[3, 0, -2]], [40, 20]],
    ["v[-2:-5:-1]", v, [[-2, -5, -1]], [40, 30, 20]],
    ["v[1:]", v, [[1, null]], [20, 30, 40, 50]],
    ["v[:-1]", v, [[null, -1]], [10, 20, 30, 40]],
    ["v[2:100]", v, [[2, 100]], [30, 40, 50]],
    ["v[-100:2]", v, [[-100, 2]], [10, 20]],
    ["v[4:2]", v, [[4, 2]], []],
    ["v[::7]", v, [[null, null, 7]], [10]],
    ["v[4:5:3]", v, [[4, 5, 3]], [50]],
    ["x[::2, ::3]", x, [[null, null, 2], [null, null, 3]], [[0, 3], [8, 11]]], // prettier-ignore
    ["x[::-1, 1]", x, [[null, null, -1], 1], [9, 5, 1]],
  ];
  test.each(rows)("%s", (_name, from, index, wanted) => {
    expect(from.slice(...index).toArray()).toEqual(wanted);
    expect(jit((y: Tensor) => y.slice(...index))(from).toArray()).toEqual(wanted);
    expect(vmap((y: Tensor) => y.slice(...index))(np.stack([from, from])).toArray()).toEqual([
      wanted,
      wanted,
    ]);
  });
  test.each(rows)("the gradient of %s is 1 at what it picks", (_name, from, index, wanted) => {
    const picked = new Set([wanted].flat(2) as number[]);
    const gradient = grad((y: Tensor) => y.slice(...index).sum())(from);
    expect(Array.from(gradient.data)).toEqual(Array.from(from.data, (n) => Number(picked.has(n))));
  });
});

describe("tensors of indices", () => {
  const pairs = (f: (y: Tensor, i: Tensor) => Tensor, from: Tensor, index: Tensor) => [
    f(from, index).toArray(),
    jit(f)(from, index).toArray(),
    jit((y: Tensor) => f(y, index))(from).toArray(),
    vmap(f, [null, 0])(from, np.stack([index, index]))
      .slice(1)
      .toArray(),
  ];
  test("-1 is the last element in slice, take and takeAlongAxis", () => {
    // v[np.array([-1, 0, -5])], np.take(v, [-1, 0, -5]): [50, 10, 10]
    const wanted = Array.from({ length: 4 }, () => [50, 10, 10]);
    expect(pairs((y, i) => y.slice(i), v, ints([-1, 0, -5]))).toEqual(wanted);
    expect(pairs((y, i) => np.take(y, i), v, ints([-1, 0, -5]))).toEqual(wanted);
    // np.take_along_axis(x, np.array([[-1], [0], [-2]]), 1): [[3], [4], [10]]
    const along = pairs((y, i) => np.takeAlongAxis(y, i, 1), x, ints([-1, 0, -2]).reshape([3, 1]));
    expect(along).toEqual(Array.from({ length: 4 }, () => [[3], [4], [10]]));
  });
  test("what is out of range is moved to the nearest end, as in JAX, eagerly and compiled", () => {
    const wanted = Array.from({ length: 4 }, () => [50, 10, 20]);
    expect(pairs((y, i) => y.slice(i), v, ints([5, -6, 1]))).toEqual(wanted);
    const unsigned = np.array([4294967295, 0, 1], { dtype: "uint32" });
    expect(pairs((y, i) => np.take(y, i), v, unsigned)).toEqual(wanted);
  });
  test("the gradient goes to the elements that were picked", () => {
    const f = (y: Tensor, i: Tensor) =>
      np
        .take(y, i)
        .mul(np.array([1, 2, 4]))
        .sum();
    const i = ints([-1, 0, 7]);
    expect(grad(f)(v, i).toArray()).toEqual([2, 0, 0, 0, 5]);
    expect(jit(grad(f))(v, i).toArray()).toEqual([2, 0, 0, 0, 5]);
  });
  test("several at once, beside numbers and ranges", () => {
    // x[np.array([0, -1]), np.array([-1, 1])], x[:, np.array([-1, 0])], x[-1, np.array([0, -1])]
    expect(x.slice(ints([0, -1]), ints([-1, 1])).toArray()).toEqual([3, 9]);
    expect(x.slice([], ints([-1, 0])).toArray()).toEqual([[3, 0], [7, 4], [11, 8]]); // prettier-ignore
    expect(x.slice(-1, ints([0, -1])).toArray()).toEqual([8, 11]);
    // x[::2, np.array([1, 2])]
    expect(x.slice([null, null, 2], ints([1, 2])).toArray()).toEqual([[1, 2], [9, 10]]); // prettier-ignore
  });
  test("take of one number removes the axis", () => {
    expect(np.take(x, -1, 1).toArray()).toEqual([3, 7, 11]);
    expect(np.take(x, 5).item()).toBe(5);
  });
});

describe("masks", () => {
  test("a mask whose elements are known picks where it is true", () => {
    // v[v > 20], x[x % 2 == 1], x[:, [True, False, False, True]]
    expect(v.slice(v.greater(20)).toArray()).toEqual([30, 40, 50]);
    expect(x.slice(x.mod(2).equal(1)).toArray()).toEqual([1, 3, 5, 7, 9, 11]);
    expect(x.slice([], np.array([true, false, false, true])).toArray()).toEqual([[0, 3], [4, 7], [8, 11]]); // prettier-ignore
    expect(v.slice(v.greater(99)).toArray()).toEqual([]);
    const known = np.array([true, false, false, false, true]);
    expect(jit((y: Tensor) => y.slice(known))(v).toArray()).toEqual([10, 50]);
  });
  test("a mask that a trace computes names np.where", () => {
    expect(() => jit((y: Tensor) => y.slice(y.greater(20)))(v)).toThrow(/np\.where/);
    expect(() => v.slice(np.array([true, false]))).toThrow(
      /must have the lengths of its axes, \[5\], got bool\[2\]/,
    );
  });
});

test.each([
  [
    "element 5 of 5",
    () => v.slice(5),
    /Tensor.slice: element 5 of axis 0 does not exist: they go from -5 to 4/,
  ],
  ["element -6 of 5", () => v.slice(-6), /element -6/],
  ["inside jit", () => jit((y: Tensor) => y.slice(5))(v), /element 5/],
  ["take of 7", () => np.take(v, 7), /np.take: element 7/],
  ["a fraction", () => v.slice(1.5), /whole number, got 1.5/],
  ["NaN", () => v.slice(NaN), /whole number, got NaN/],
  ["a float tensor", () => v.slice(np.array([1])), /int32 or uint32, got float32\[1\].*astype/],
  ["JavaScript's slice(1, 3)", () => v.slice(1, 3), /A range is x.slice\(\[1, 3\]\)/],
  ["a step of 0", () => v.slice([0, 5, 0]), /must not be 0/],
  ["a string", () => v.slice("1" as never), /an index is a whole number/],
  ["undefined", () => v.slice(undefined as never), /an index is a whole number/],
  ["two ellipses", () => x.slice("...", "..."), /twice/],
  ["an axis that is not there", () => np.take(x, ints([0]), 2), /np.take: axis 2 does not exist/],
  ["an empty axis", () => np.zeros([0]).slice(ints([0])), /axis of length 0/],
])("%s is a typed error", (_name, call, text) => {
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(text);
});
