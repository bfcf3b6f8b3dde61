import { expect, test } from "vitest";
import { median } from "./median.ts";

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
  [[Infinity, 1, Infinity], Infinity],
  [[-1, 10, 9], 9],
  [[], NaN],
])("the median of %j is %d", (values, expected) => {
  expect(median(values)).toBe(expected);
  expect(median(Float64Array.from(values))).toBe(expected);
});
