import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { automaticScale, formatTick, planAxis } from "./axes.ts";

const labels = (scale: "linear" | "log" | "symlog", values: number[], count = 6) => {
  const plan = planAxis({ label: "", scale }, values, count);
  return plan.ticks.map((tick) => plan.format(tick));
};

describe("automaticScale", () => {
  it("is logarithmic for positive values over more than two decades", () => {
    expect(automaticScale([1, 101])).toBe("log");
    expect(automaticScale([1, 99])).toBe("linear");
    expect(automaticScale([-1, 1000])).toBe("linear");
    expect(automaticScale([0, 1, 1000])).toBe("linear");
    expect(automaticScale([0, 1, 1001])).toBe("symlog");
    expect(automaticScale([Number.NaN, 1, Infinity, 1000])).toBe("log");
    expect(automaticScale([])).toBe("linear");
  });
});

describe("planAxis", () => {
  it("puts names at their places, cut where there are many", () => {
    const plan = planAxis({ label: "", names: ["a", "learningRate"] }, [], 6);
    expect([plan.domain, plan.ticks.map(plan.format)]).toEqual([
      [-0.5, 1.5],
      ["a", "learningRate"],
    ]);
    const many = planAxis({ label: "", names: Array.from({ length: 8 }, () => "learningRate") }, [], 6);
    expect(many.format(3)).toBe("learni…");
  });

  it("labels round numbers", () => {
    expect(labels("linear", [0, 1])).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(labels("linear", [-1, 1])).toEqual(["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
    expect(labels("linear", [0, 1_000_000])).toEqual(["0", "200k", "400k", "600k", "800k", "1M"]);
    expect(labels("log", [1, 1000])).toEqual(["1", "3", "10", "30", "100", "300", "1000"]);
    expect(labels("log", [1e-8, 1e4])).toEqual(["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "1", "10²", "10⁴"]);
    expect(labels("log", [3, 8])).toEqual(["4", "6", "8"]);
    expect(labels("symlog", [-100, 100])).toEqual(["−100", "0", "100"]);
    expect(labels("symlog", [-1e4, ...Array.from({ length: 9 }, (_, i) => i + 1), 1e4])).toEqual([
      "−10k",
      "−10",
      "0",
      "10",
      "10k",
    ]);
  });

  it("gives constant and empty data a span", () => {
    for (const scale of ["linear", "log", "symlog"] as const) {
      for (const values of [[5, 5], [], [Number.NaN]]) {
        const { domain } = planAxis({ label: "", scale }, values, 6);
        expect(domain[1]).toBeGreaterThan(domain[0]);
      }
    }
    const { domain } = planAxis({ label: "" }, [0, 0], 6);
    expect(domain[1]).toBeGreaterThan(domain[0]);
    // Powers of ten of the smallest numbers are 0.
    for (const scale of ["linear", "symlog"] as const)
      expect(planAxis({ label: "", scale }, [-5e-324, 0], 6).ticks).toEqual(
        planAxis({ label: "", scale }, [0, 0], 6).ticks,
      );
  });

  it("leaves room but does not cross 0 for it", () => {
    expect(planAxis({ label: "" }, [0, 10], 6, 0.1).domain).toEqual([0, 11]);
    expect(planAxis({ label: "", domain: [2, 3] }, [0, 10], 6, 0.1).domain).toEqual([2, 3]);
  });

  it("takes the smallest number that there is, on a logarithmic axis", () => {
    const { domain, ticks } = planAxis({ label: "", scale: "log" }, [5e-324], 6);
    expect(domain[0]).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(9);
  });

  it("has few, distinct, increasing labelled ticks within the domain for any data", () => {
    const value = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1 }),
        fc.constantFrom("linear", "log", "symlog"),
        (values, scale) => {
          const plan = planAxis({ label: "", scale }, values, 6, 0.04);
          const [low, high] = plan.domain;
          expect(low).toBeLessThan(high);
          expect(plan.ticks.length).toBeLessThanOrEqual(9);
          const slack = (high - low) * 1e-6;
          for (const [i, tick] of plan.ticks.entries()) {
            expect(tick).toBeGreaterThanOrEqual(low - slack);
            expect(tick).toBeLessThanOrEqual(high + slack);
            if (i > 0) expect(tick).toBeGreaterThan(plan.ticks[i - 1]!);
          }
        },
      ),
    );
  });
});

describe("formatTick", () => {
  it.each([
    [0, "0"],
    [0.01, "0.01"],
    [-250, "−250"],
    [20_000, "20k"],
    [3_000_000, "3M"],
    [1e-7, "10⁻⁷"],
    [-2e9, "−2·10⁹"],
  ])("%d is %s", (tick, text) => expect(formatTick(tick)).toBe(text));
});
