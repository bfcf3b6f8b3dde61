/**
 * Every function that the array room exposes, compiled for all units, per unit and per member, against the reference.
 *
 * Bounds are in ulps of the result: 64 in float32, 4096 in float64 (1e-12). Whole numbers and random bits are exact.
 */
import { describe, expect, test } from "vitest";
import { wrongOfAll } from "./testing/check.ts";
import type { Bound } from "./testing/compare.ts";
import { floatCases, gradientOf, integerCases, randomCases } from "./testing/functions.ts";

/** All of it only by `npm run test:robustness`: each level of each function is a program to compile. */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);

/** Every `n`th row, from `first` on; all of them in a long run. */
const every = <Row>(n: number, rows: readonly Row[], first = 0): Row[] =>
  rows.filter((_, i) => isLong || i % n === first);

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  const isWide = dtype === "float64";
  const bound: Bound = { ulps: dtype === "float32" ? 64 : 4096 };
  test("values", () => {
    const rows = floatCases(dtype);
    const wrong = isWide
      ? wrongOfAll(every(3, rows), bound, { isLanedOnly: !isLong })
      : wrongOfAll(rows, bound, { isLanedOnly: !isLong });
    expect(wrong).toEqual([]);
  });
  test("gradients", { tags: ["long"] }, () => {
    const rows = floatCases(dtype).filter((row) => row.isDifferentiable);
    // Of float64 some of those that float32 leaves out.
    const some = isWide ? every(6, rows, 4) : every(3, rows);
    // The weights of the sum are below 1 and may cancel.
    const options = { isLanedOnly: isWide || !isLong };
    expect(wrongOfAll(some.map(gradientOf), { ...bound, scale: 0.01 }, options)).toEqual([]);
  });
});

test.each(["int32", "uint32"] as const)("%s, exactly", (dtype) => {
  expect(wrongOfAll(integerCases(dtype), { ulps: 0 })).toEqual([]);
});

test(
  "random draws: words and what is made of them exactly, floats within 64 ulps",
  { tags: ["long"] },
  () => {
    expect(wrongOfAll(randomCases(), { ulps: 64 }, { isLanedOnly: !isLong })).toEqual([]);
  },
);
