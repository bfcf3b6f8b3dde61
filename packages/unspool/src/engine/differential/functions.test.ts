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

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  const isWide = dtype === "float64";
  const bound: Bound = { ulps: dtype === "float32" ? 64 : 4096 };
  test("values", () => {
    const rows = floatCases(dtype).filter((_, i) => isLong || !isWide || i % 2 === 0);
    expect(wrongOfAll(rows, bound, { isLanedOnly: isWide && !isLong })).toEqual([]);
  });
  test("gradients", () => {
    const rows = floatCases(dtype).filter((row) => row.isDifferentiable);
    const some = isLong ? rows : rows.filter((_, i) => i % (isWide ? 4 : 2) === 0);
    // The weights of the sum are below 1 and may cancel.
    const options = { isLanedOnly: isWide || !isLong };
    expect(wrongOfAll(some.map(gradientOf), { ...bound, scale: 0.01 }, options)).toEqual([]);
  });
});

test.each(["int32", "uint32"] as const)("%s, exactly", (dtype) => {
  expect(wrongOfAll(integerCases(dtype), { ulps: 0 })).toEqual([]);
});

test("random draws: words and what is made of them exactly, floats within 64 ulps", () => {
  expect(wrongOfAll(randomCases(), { ulps: 64 }, { isLanedOnly: !isLong })).toEqual([]);
});
