/** One definition of growth says both whether gradients explode and after how many steps. */
import { describe, expect, test } from "vitest";
import { explosion, growthOf, usableHorizonOf } from "./diagnosis.ts";

function evidence(exponent: number, logStateNorms: readonly number[]) {
  return {
    report: {
      lyapunov: { exponents: Float64Array.of(exponent), dt: 1 },
      growth: { logStateNorms: Float64Array.from(logStateNorms) },
    },
  };
}

const steps = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("growth of gradients", () => {
  test("by an exponent alone: usable for ln 1000 / lambda_1 steps", () => {
    // Nothing measured: no dependence on theta. 6.9078 / ln 2 = 9.97.
    const flat = steps(12).map(() => -Infinity);
    expect(growthOf(evidence(Math.LN2, flat))).toBeCloseTo(12 * Math.LN2, 12);
    expect(usableHorizonOf(evidence(Math.LN2, flat))).toBe(9);
  });
  test("linear accumulation is no growth", () => {
    const linear = evidence(-0.1, steps(400).map((t) => Math.log(3 * t))); // prettier-ignore
    expect(growthOf(linear)).toBeCloseTo(0, 12);
    expect(usableHorizonOf(linear)).toBe(Infinity);
  });
  test("measured growth counts from the first step that depends on theta", () => {
    // After three steps without dependence, e^(2 k) times k: above ln 1000 = 6.9 for k = 4 (the first is k = 0), step 8.
    const late = [-Infinity, -Infinity, -Infinity, ...steps(10).map((k) => 2 * (k - 1) + Math.log(k))];
    expect(usableHorizonOf(evidence(0, late))).toBe(7);
    expect(growthOf(evidence(0, late))).toBeCloseTo(18, 12);
  });
  test("what explodes is usable for less than the horizon, what does not for all of it", () => {
    for (const exponent of [-1, 0, 0.1, 0.5, 0.5756, 0.5757, 0.6, 1, 7, 50]) {
      for (const slope of [-1, 0, 0.3, 0.7, 3]) {
        const one = evidence(exponent, steps(12).map((t) => slope * t)); // prettier-ignore
        const isExploding = growthOf(one) >= explosion;
        expect(usableHorizonOf(one) < 12).toBe(isExploding);
      }
    }
  });
  test("derivatives that fail: not beyond a step", () => {
    expect([growthOf({}), usableHorizonOf({})]).toEqual([-Infinity, 1]);
  });
});
