/** NumPy's values where infinities, constant rows and empty arrays meet, and signs of what a trace could not refuse. */
import { describe, expect, test } from "vitest";
import { compileFunction } from "../../engine/compileFunction.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { type Tensor, jit, lax, linalg, np } from "../index.ts";

const inf = Infinity;
const nan = NaN;

/** [inputs, nansum, nanprod, nanmean, nanvar, nanstd, nanmax, nanmin, nanargmax, nanargmin] of NumPy 1.24.2. */
const rows: [number[], number[]][] = [
  [[1, inf, nan], [inf, inf, inf, nan, nan, inf, 1, 1, 0]], // prettier-ignore
  [[1, 2, inf, -inf], [nan, -inf, nan, nan, nan, inf, -inf, 2, 3]], // prettier-ignore
  [[inf, nan], [inf, inf, inf, nan, nan, inf, inf, 0, 0]], // prettier-ignore
  [[nan, -inf, nan, 4], [-inf, -inf, -inf, nan, nan, 4, -inf, 3, 1]], // prettier-ignore
  [[1, nan, 3], [4, 3, 2, 1, 1, 3, 1, 2, 0]], // prettier-ignore
];
const names = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanargmax", "nanargmin"] as const; // prettier-ignore

test.each(rows)("nanvar([1, inf]) was inf: nan-functions of %j", (values, wanted) => {
  const all = (x: Tensor): Tensor[] => names.map((name) => np[name](x));
  const x = np.array(values);
  const numbers = (found: Tensor[]): number[] => found.map((one) => one.item());
  expect(numbers(all(x))).toEqual(wanted);
  expect(numbers(compileFunction("nans", all, [x])(x))).toEqual(wanted);
});

// NumPy 1.24.2: np.interp(x, [1, 2, 3], fp).
test.each([
  [[1, inf, 4], [1, 1, inf, inf, inf, 4, 4]], // prettier-ignore
  [[inf, inf, -inf], [inf, inf, inf, inf, nan, -inf, -inf]], // prettier-ignore
  [[1, nan, 3], [1, 1, nan, nan, nan, 3, 3]], // prettier-ignore
])("interp between points of %j was NaN at the points themselves", (fp, wanted) => {
  const x = np.array([0.5, 1, 1.5, 2, 2.5, 3, 4]);
  const at = (where: Tensor): Tensor => np.interp(where, [1, 2, 3], fp);
  expect(Array.from(at(x).data)).toEqual(wanted);
  expect(Array.from(compileFunction("interp", at, [x])(x).data)).toEqual(wanted);
  expect(Array.from(at(np.array([nan, 1.25])).data)[0]).toBeNaN();
});

test("corrcoef beside a constant row of 0.1 was a number: it is NaN, also in a trace", () => {
  const x = np.array([[1, 2, 3], [0.1, 0.1, 0.1]]); // prettier-ignore
  for (const found of [np.corrcoef(x), jit((y: Tensor) => np.corrcoef(y))(x)])
    expect(Array.from(found.data, Number.isFinite)).toEqual([true, false, false, false]);
  expect(np.corrcoef([0.1, 0.1, 0.1]).item()).toBeNaN();
});

// NumPy 1.24.2 raises where null stands.
describe.each([
  ["fro", [0, 3], 0],
  ["nuc", [3, 0], 0],
  [1, [0, 3], 0],
  [1, [3, 0], null],
  [-1, [3, 0], null],
  [2, [0, 3], null],
  [-2, [3, 0], null],
  [Infinity, [0, 3], null],
  [Infinity, [3, 0], 0],
  [-Infinity, [0, 0], null],
] as const)("norm of nothing, ord %s, %j", (ord, shape, wanted) => {
  // prettier-ignore
  test("is NumPy's, not -Infinity", () => {
    for (const norm of [linalg.norm, linalg.matrixNorm]) {
      if (wanted === null) expect(() => norm(np.zeros([...shape]), { ord })).toThrow(ShapeError);
      else expect(norm(np.zeros([...shape]), { ord }).item()).toBe(wanted);
    }
  });
});

test("extremes of nothing: nanmax was NaN, the largest norm 0", () => {
  expect(() => np.nanmax(np.zeros([0]))).toThrow(/np\.nanmax: no elements have no extreme/);
  expect(() => np.nanmin(np.zeros([0, 3]), 0)).toThrow(ShapeError);
  expect(np.nanmax(np.zeros([0, 3]), 1).shape).toEqual([0]);
  for (const ord of [Infinity, -Infinity]) {
    expect(() => linalg.norm(np.zeros([0]), { ord })).toThrow(ShapeError);
    expect(() => linalg.vectorNorm(np.zeros([0]), { ord })).toThrow(ShapeError);
  }
});

test("cond(NaN) took the false side, where NaN is true as a bool", () => {
  const side = (predicate: number | Tensor): number => lax.cond(predicate, () => 1, () => 2); // prettier-ignore
  expect([side(nan), side(np.array(nan)), side(0), side(-0), side(3)]).toEqual([1, 1, 2, 2, 1]);
  const step = (x: Tensor): Tensor => x.add(1);
  expect(lax.whileLoop((x) => (x.item() > 2 ? 0 : nan), step, np.array(0)).item()).toBe(3);
});

test("switch(0.7) took branch 0", () => {
  const branches = [() => 10, () => 20];
  expect(() => lax.switch(0.7, branches)).toThrow(OptionError);
  expect(() => lax.switch(nan, branches)).toThrow(OptionError);
  expect(() => lax.switch(np.array(1), branches)).toThrow(ShapeError);
  const traced = (x: Tensor): Tensor => lax.switch(x, [() => np.array(10), () => np.array(20)]);
  expect(() => jit(traced)(np.array(1))).toThrow(/astype\("int32"\)/);
  expect(lax.switch(np.array(1, { dtype: "int32" }), branches)).toBe(20);
});

test("percentile of 150 in a trace was the maximum", () => {
  const at = jit((q: Tensor) => np.percentile([1, 2, 3], q));
  expect(Array.from(at(np.array([150, 50, -1, nan])).data)).toEqual([nan, 2, nan, nan]);
});

test("a loop of whole numbers that had not ended gave a number", () => {
  type Value = { i: Tensor; u: Tensor; done: Tensor };
  const run = jit((start: Tensor) =>
    lax.whileLoop<Value>(
      ({ i }) => i.less(10),
      ({ i, u, done }) => ({ i: i.add(1), u: u.add(1), done }),
      { i: start, u: start.astype("uint32"), done: start.equal(0) },
      { maxSteps: 5 },
    ),
  );
  const at = (start: number): number[] => {
    const { i, u, done } = run(np.array(start, { dtype: "int32" }));
    return [i.item(), u.item(), done.item()];
  };
  expect(at(0)).toEqual([-2147483648, 4294967295, 1]);
  expect(at(5)).toEqual([10, 10, 0]);
});
