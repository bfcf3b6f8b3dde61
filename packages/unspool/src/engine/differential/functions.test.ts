/** Every function that the array room exposes, compiled for one, for units and for members, against the reference. */
import { describe, expect, test } from "vitest";
import type { Bound } from "./testing/compare.ts";
import { type FunctionCase, floatCases, gradientOf, integerCases } from "./testing/functions.ts";
import { wrongOf } from "./testing/levels.ts";

/** Differences of many cases, those that throw included. */
function wrongOfAll(rows: readonly FunctionCase[], bound: Bound): string[] {
  return rows.flatMap((row) => {
    try {
      return wrongOf(row, bound);
    } catch (error) {
      return [`${row.name}: ${(error as Error).stack?.split("\n").slice(0, 4).join("\n") ?? String(error)}`];
    }
  });
}

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  const bound: Bound = { ulps: dtype === "float32" ? 64 : 4096 };
  test("values", () => {
    expect(wrongOfAll(floatCases(dtype), bound)).toEqual([]);
  });
  test("gradients", () => {
    const rows = floatCases(dtype).filter((row) => row.isDifferentiable);
    // The weights of the sum are below 1 and may cancel.
    expect(wrongOfAll(rows.map(gradientOf), { ...bound, scale: 0.01 })).toEqual([]);
  });
});

test.each(["int32", "uint32"] as const)("%s, exactly", (dtype) => {
  expect(wrongOfAll(integerCases(dtype), { ulps: 0 })).toEqual([]);
});
