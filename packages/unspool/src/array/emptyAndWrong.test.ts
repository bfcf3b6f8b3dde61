/** Arrays without elements, and what is no array at all: NumPy's value, or a typed error that names the function. */
import { describe, expect, test } from "vitest";
import { ShapeError, UnspoolError } from "../errors.ts";
import { Tensor, lax, linalg, nn, np, random } from "./index.ts";

const empty = np.zeros([0, 3]);

test.each<[string, () => Tensor, unknown]>([
  // NumPy 1.24.2 on np.zeros((0, 3), np.float32), by the same names.
  ["sum", () => empty.sum(), 0],
  ["sum over axis 0", () => empty.sum(0), [0, 0, 0]],
  ["sum over axis 1", () => empty.sum(1), []],
  ["prod", () => empty.prod(), 1],
  ["mean", () => empty.mean(), NaN],
  ["max over axis 1", () => empty.max(1), []],
  ["all", () => empty.all(), 1],
  ["any", () => empty.any(), 0],
  ["sort", () => np.sort(empty), []],
  ["cumsum", () => np.cumsum(empty, 0), []],
  ["matmul with nothing inside", () => np.matmul(np.zeros([2, 0]), np.zeros([0, 2])), [[0, 0], [0, 0]]], // prettier-ignore
  ["nn.relu", () => nn.relu(empty), []],
  ["slice", () => empty.slice([], 1), []],
  ["random.normal", () => random.normal(random.key(0), [0, 2]), []],
  ["random.uniform", () => random.uniform(random.key(0), [0]), []],
])("%s of nothing is NumPy's value", (_name, call, wanted) => expect(call().toArray()).toEqual(wanted));

test.each([
  ["x.max()", () => empty.max()],
  ["np.min(x, 0)", () => np.min(empty, 0)],
  ["np.argmax(x)", () => np.argmax(empty)],
  ["np.concatenate([])", () => np.concatenate([])],
])("%s of nothing is a typed error", (_name, call) => expect(call).toThrow(ShapeError));

describe("whatever is handed to a function, what it throws is typed and names it", () => {
  const odd: unknown[] = ["x", undefined, {}, [1, [2]], 1.5, empty, np.ones([4]), () => 1];
  const spaces = { np, nn, lax, linalg, random } as unknown as Record<string, Record<string, unknown>>;
  const untyped = (where: string, call: () => unknown): string[] => {
    try {
      call();
      return [];
    } catch (error) {
      const isTyped = error instanceof UnspoolError;
      return isTyped ? [] : [`${where}: ${String(error)}`];
    }
  };
  test.each(Object.keys(spaces))("%s", (space) => {
    const found = Object.entries(spaces[space]!).flatMap(([name, member]) => {
      if (typeof member !== "function") return [];
      const call = member as (...args: unknown[]) => unknown;
      // These are meant to call what they are given.
      if (/^(cond|switch|whileLoop|foriLoop|associativeScan|customLinearSolve)$/.test(name)) return [];
      const first = space === "random" ? random.key(0) : np.ones([2, 3]);
      return odd.flatMap((one) => [
        ...untyped(`${name}(odd)`, () => call(one)),
        ...untyped(`${name}(x, odd)`, () => call(first, one)),
      ]);
    });
    expect(found).toEqual([]);
  });
  test("methods of tensors", () => {
    const names = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => name !== "constructor");
    const found = names.flatMap((name) => {
      const x = np.ones([2, 3]) as unknown as Record<string, unknown>;
      const method = x[name];
      if (typeof method !== "function") return [];
      return odd.flatMap((one) => untyped(name, () => (method as (arg: unknown) => unknown).call(x, one)));
    });
    expect(found).toEqual([]);
  });
});

test.each<[string, () => unknown, RegExp]>([
  [
    "an axis that is not there",
    () => empty.sum(2),
    /Tensor.sum: axis 2 does not exist: the axes are -2 to 1/,
  ],
  ["an axis twice", () => np.sum(np.ones([2, 3]), [0, -2]), /np.sum: axis names one axis twice/],
  [
    "reshape",
    () => np.ones([2, 3]).reshape([4, 2]),
    /float32\[2,3\] has 6 elements and cannot be seen as \[4, 2\]/,
  ],
  [
    "matmul",
    () => np.matmul(np.ones([2, 3]), np.ones([2, 3])),
    /np.matmul: float32\[2,3\] and float32\[2,3\] do not fit/,
  ],
  ["add", () => np.ones([2, 3]).add(np.ones([4])), /Tensor.add: .*float32\[2,3\], float32\[4\]/],
  [
    "concatenate",
    () => np.concatenate([np.ones([2, 3]), np.ones([2, 4])]),
    /np.concatenate: .*float32\[2,4\]/,
  ],
  ["transpose", () => np.ones([2, 3]).transpose([0, 0]), /each axis of float32\[2,3\] once/],
  ["broadcastTo", () => np.broadcastTo(np.ones([4]), [5]), /float32\[4\] cannot be broadcast to \[5\]/],
  ["einsum", () => np.einsum("ij,jk->ik", np.ones([2, 3]), np.ones([2, 3])), /np.einsum: /],
])("%s of wrong shapes says what it was given", (_name, call, text) => {
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(text);
});
