/** Against closed forms of one and two degrees of freedom, and the printed tables. */
import { expect, test } from "vitest";
import { OptionError } from "../errors.ts";
import { studentTQuantile } from "./studentTQuantile.ts";

test.each([0.6, 0.75, 0.975, 0.999])(
  "one degree is Cauchy's distribution: tan(pi (p - 1/2)), p = %d",
  (p) => {
    expect(studentTQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5))).toBeCloseTo(1, 12);
  },
);

test.each([0.6, 0.75, 0.975, 0.999])("two degrees: (2p - 1) / sqrt(2p (1 - p)), p = %d", (p) => {
  expect(studentTQuantile(p, 2) / ((2 * p - 1) / Math.sqrt(2 * p * (1 - p)))).toBeCloseTo(1, 12);
});

// Two-sided 95 %: table 26.10 of Abramowitz and Stegun, column 0.95.
test.each([
  [3, 3.182],
  [4, 2.776],
  [5, 2.571],
  [9, 2.262],
  [10, 2.228],
  [29, 2.045],
  [30, 2.042],
  [120, 1.98],
])("%d degrees: %d", (degrees, t) => {
  expect(studentTQuantile(0.975, degrees)).toBeCloseTo(t, 3);
  expect(studentTQuantile(0.025, degrees)).toBe(-studentTQuantile(0.975, degrees));
});

test("many degrees are the normal distribution, and half is in the middle", () => {
  // 1.959964 + (z^3 + z) / (4 n), the first term of the expansion for large n (26.7.5).
  expect(studentTQuantile(0.975, 1_000_000)).toBeCloseTo(1.959963985 + 2.37e-6, 7);
  expect(studentTQuantile(0.5, 7)).toBeCloseTo(0, 15);
});

test("what is no probability and what are no degrees are refused", () => {
  for (const p of [0, 1, Number.NaN]) expect(() => studentTQuantile(p, 3)).toThrow(OptionError);
  for (const n of [0, 1.5]) expect(() => studentTQuantile(0.9, n)).toThrow("degrees must be an integer");
});
