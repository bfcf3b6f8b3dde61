/** One definition of growth says both whether gradients explode and after how many steps. */
import { describe, expect, test } from "vitest";
import { gradientRegime } from "../diagnostics/index.ts";
import { growthBeyondNeutral } from "../diagnostics/growthBeyondNeutral.ts";
import { growthOf, usableHorizonOf } from "./diagnosis.ts";

/** Losses whose derivatives have these logarithms, and the ratio of the variances of RP and ES at the end. */
function evidence(logs: readonly number[], varianceRatio = 1e5) {
  const at = (totalVariance: number) => ({ totalVariance });
  const half = { horizon: logs.length / 2, rp: at(1), esAntithetic: at(1), esCentred: at(1) };
  const end = { horizon: logs.length, rp: at(varianceRatio), esAntithetic: at(1), esCentred: at(1) };
  const growth = { logLossGrowth: growthBeyondNeutral(Float64Array.from(logs)) };
  return { report: { growth, variance: { horizons: [half, end] } } };
}

const steps = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("growth of gradients", () => {
  test("linear accumulation is no growth", () => {
    const linear = evidence(steps(400).map((t) => Math.log(3 * t))); // prettier-ignore
    expect(growthOf(linear)).toBeCloseTo(0, 12);
    expect(usableHorizonOf(linear)).toBe(Infinity);
  });
  test.each([2, 3, 4])("the power of degree %i is no growth: a loop of higher order", (degree) => {
    const power = evidence(steps(400).map((t) => degree * Math.log(t)));
    expect(growthOf(power)).toBeLessThan(Math.log(10));
    expect(gradientRegime(power.report)).toBe("stable");
  });
  test("a power with an exponential: the exponential alone", () => {
    const both = evidence(steps(16).map((t) => 3 * Math.log(t) + 0.5 * t));
    expect(growthOf(both)).toBeCloseTo(0.5 * 15, 10);
  });
  test("growth that comes late, and growth that ends", () => {
    const late = evidence(steps(100).map((t) => Math.log(t) + Math.max(0, t - 60)));
    expect(usableHorizonOf(late)).toBeGreaterThan(60);
    expect(usableHorizonOf(late)).toBeLessThan(68);
    const levelling = evidence(steps(100).map((t) => 4 * Math.log(Math.min(t, 20))));
    expect(gradientRegime(levelling.report)).toBe("stable");
  });
  test("growth counts from the first step that depends on theta", () => {
    // After three steps without dependence, e^(2 k) times k: above ln 1000 = 6.9 for k = 4 (the first is k = 0), step 8.
    const late = [-Infinity, -Infinity, -Infinity, ...steps(10).map((k) => 2 * (k - 1) + Math.log(k))];
    expect(usableHorizonOf(evidence(late))).toBe(7);
    expect(growthOf(evidence(late))).toBeCloseTo(18, 12);
  });
  test("the first of 100 steps may be flat by accident", () => {
    const flatStart = steps(100).map((t) => (t === 1 ? -30 : Math.log(t)));
    expect(growthOf(evidence(flatStart))).toBeLessThan(1);
  });
  test("what explodes is usable for less than the horizon, what does not for all of it", () => {
    for (const slope of [-1, 0, 0.3, 0.5, 0.6, 0.7, 1, 3, 50]) {
      const one = evidence(steps(12).map((t) => slope * t + Math.log(t))); // prettier-ignore
      const isExploding = gradientRegime(one.report) === "chaotic";
      expect(isExploding).toBe(slope * 11 >= Math.log(1000));
      expect(usableHorizonOf(one) < 12).toBe(isExploding);
    }
  });
  test("growth that does not show in the variance is no explosion", () => {
    const one = evidence(steps(12).map((t) => t), 0.5); // prettier-ignore
    expect(gradientRegime(one.report)).toBe("growing");
    expect(usableHorizonOf(one)).toBe(Infinity);
  });
  test("a loss at the end only: by the variances, up to the last horizon at which they were harmless", () => {
    const atEnd = evidence([...steps(11).map(() => -Infinity), 3], 1e7);
    expect(gradientRegime(atEnd.report)).toBe("chaotic");
    expect(usableHorizonOf(atEnd)).toBe(6);
  });
  test("derivatives that fail: not beyond a step", () => {
    expect([growthOf({}), usableHorizonOf({})]).toEqual([-Infinity, 1]);
  });
});
