/** Every other function of `np` on small cases worked by hand, and the completeness of the tables. */
import { describe, expect, test } from "vitest";
import { grad, np } from "./index.ts";
import { checkArrayCase, floatTypes } from "./testing/contract.ts";
import { derivedNames } from "./derived/testing/names.ts";
import { binary, integer, unary } from "./testing/elementwise.ts";
import { constants, structural } from "./testing/structural.ts";

const onlyIntegers = ["bitwiseNot"];

test("every exposed name of np has a reference", () => {
  const tables = [unary, binary, integer, structural, constants].flatMap((table) => Object.keys(table));
  expect([...new Set([...tables, ...onlyIntegers, ...derivedNames])].toSorted()).toEqual(
    Object.keys(np).toSorted(),
  );
});

test("constants", () => {
  for (const [name, value] of Object.entries(constants)) expect(np[name as "pi"]).toBe(value);
});

describe.each(floatTypes)("%s", (dtype) => {
  const rows = Object.entries(structural).flatMap(([name, cases]) =>
    cases.map((row, i) => ({ name, i, row })),
  );
  test.each(rows)("np.$name, case $i: value by hand, gradient by differences", ({ row }) => {
    checkArrayCase(row, dtype);
  });

  test("at ties, the gradient of max and min is shared equally, as in JAX", () => {
    const x = np.array([2, 5, 5, 1, 5], { dtype });
    expect(Array.from(grad(np.max)(x).data)).toEqual([0, 1, 1, 0, 1].map((n) => fround(n / 3)));
    const y = np.array(
      [
        [4, 4],
        [7, 4],
      ],
      { dtype },
    );
    expect(Array.from(grad((z: typeof y) => np.min(z, 0).sum())(y).data)).toEqual([1, 0.5, 0, 0.5]);
  });
  const fround = (value: number) => (dtype === "float32" ? Math.fround(value) : value);

  test("a where that guards the operand keeps NaN out of the gradient", () => {
    const x = np.array([-1, 4], { dtype });
    const safeLog = (y: typeof x) => {
      const isPositive = y.greater(0);
      return np.where(isPositive, np.log(np.where(isPositive, y, 1)), 0).sum();
    };
    expect(Array.from(grad(safeLog)(x).data)).toEqual([0, 0.25]);
  });
});

test("integers keep their dtype through sums, products, sorting and selection", () => {
  const x = np.array([3, -1, 2], { dtype: "int32" });
  for (const y of [
    x.sum(),
    x.prod(),
    x.max(),
    np.sort(x),
    np.cumsum(x),
    np.cumprod(x),
    np.abs(x),
    np.sign(x),
  ]) {
    expect(y.dtype).toBe("int32");
  }
  expect(Array.from(np.cumprod(x).data)).toEqual([3, -3, -6]);
  expect(np.bitwiseNot(x).toArray()).toEqual([-4, 0, -3]);
  expect(np.bitwiseNot(np.array([0], { dtype: "uint32" })).toArray()).toEqual([0xffffffff]);
  expect(np.mean(x).dtype).toBe("float32");
  expect(np.mean(x).item()).toBeCloseTo(4 / 3, 6);
});

test("a bool holds 0 and 1 only, whatever it is made from", () => {
  expect(np.array([2, 0, -1], { dtype: "bool" }).toArray()).toEqual([1, 0, 1]);
  expect(np.full([2], 7, { dtype: "bool" }).toArray()).toEqual([1, 1]);
  expect(np.array([0.25, 0, NaN]).astype("bool").toArray()).toEqual([1, 0, 1]);
});

test("np.arange is of whole numbers only if all its numbers are", () => {
  expect(np.arange(3).dtype).toBe("int32");
  expect(np.arange(0, 2.5).dtype).toBe("float32");
  expect(np.arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
});

test.each(["float32", "float64", "int32", "uint32", "bool"] as const)(
  "empty %s arrays pass through",
  (dtype) => {
    const empty = np.zeros([0, 3], { dtype });
    expect(empty.toArray()).toEqual([]);
    expect(np.concatenate([empty, np.ones([1, 3], { dtype })]).toArray()).toEqual([[1, 1, 1]]);
    expect(empty.reshape([3, 0]).shape).toEqual([3, 0]);
    if (dtype !== "bool") expect(empty.sum(0).toArray()).toEqual([0, 0, 0]);
  },
);
