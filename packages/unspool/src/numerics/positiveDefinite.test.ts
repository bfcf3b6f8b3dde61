import { expect, test } from "vitest";
import { OptionError } from "../errors.ts";
import { positiveDefinite } from "./positiveDefinite.ts";

test("eigenvalues, and an inverse root that squares to the inverse", () => {
  // By trace and determinant of the block: eigenvalues 4, 1 and 0.25.
  const rows = [[3.4, 1.2, 0], [1.2, 1.6, 0], [0, 0, 0.25]]; // prettier-ignore
  const { values, inverseRoot } = positiveDefinite("test", "hessian", rows);
  [0.25, 1, 4].forEach((x, i) => expect(values[i]).toBeCloseTo(x, 13));
  const product = (a: number[][], b: readonly number[][]) =>
    a.map((row) => rows.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
  const identity = product(product(inverseRoot, inverseRoot), rows);
  identity.flat().forEach((x, k) => expect(x).toBeCloseTo(k % 4 === 0 ? 1 : 0, 12));
});

test.each([
  ["not symmetric", [[1, 0.1], [0, 1]]], // prettier-ignore
  ["indefinite", [[1, 2], [2, 1]]], // prettier-ignore
  ["singular", [[1, 1], [1, 1]]], // prettier-ignore
  ["NaN", [[NaN]]],
  ["not square", [[1, 0]]],
])("refuses what is %s", (_what, rows) => {
  expect(() => positiveDefinite("test", "hessian", rows)).toThrow(OptionError);
  expect(() => positiveDefinite("test", "hessian", rows)).toThrow("a symmetric positive definite matrix");
});
