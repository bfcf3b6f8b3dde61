/** Verdicts on systems whose behaviour is known. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { chaosReport, derivativeMismatch } from "./index.ts";
import { logistic } from "./testing.ts";

const wide = { dtype: "float64" } as const;
const options = { sigma: 0.002, samples: 48, trials: 2, points: 11 };

describe("chaosReport", () => {
  test("a contracting loop: backpropagate", () => {
    const report = chaosReport(logistic({ horizon: 60, start: 0.2 }), { r: np.array(2.8, wide) }, options);
    // The fixed point 1 - 1/r has slope 2 - r = -0.8.
    expect(report.lyapunov.exponents[0]).toBeLessThan(-0.15);
    expect(report.spectra.at(-1)!.spectrum.spectralRadius).toBeCloseTo(0.8, 3);
    expect(report.growth.usableHorizon).toBe(Infinity);
    expect(report.variance.crossover).toBe(undefined);
    expect(report.slice.losses).toHaveLength(11);
    expect(report.mismatch.fraction).toBe(0);
    expect(report.verdict).toMatchObject({
      regime: "stable",
      method: "backprop",
      estimator: "bptt",
      window: 60,
      warnings: [],
    });
  });
  test("a chaotic loop: evolution strategies, and windows that stop in time", () => {
    const report = chaosReport(logistic({ horizon: 80, start: 0.2 }), { r: np.array(3.9, wide) }, options);
    // Exponent 0.4961 at r = 3.9: exp(40) over the horizon, 1000 after about 14 steps.
    expect(report.logGrowth).toBeGreaterThan(30);
    expect(report.variance.crossover).toBeLessThanOrEqual(20);
    const { regime, method, estimator, window, warnings, summary } = report.verdict;
    expect({ regime, method, estimator }).toEqual({ regime: "chaotic", method: "es", estimator: "nres" });
    expect(window).toBeGreaterThanOrEqual(8);
    expect(window).toBeLessThanOrEqual(22);
    expect(warnings.join(" ")).toMatch(/rounding/);
    // Never from the exponent alone: both variances are named.
    expect(summary.join(" ")).toMatch(/Variance of one gradient .* backpropagation, .* evolution strategies/);
  });
  test("a rough surface without growth along the loop: the variances have the last word", () => {
    // One step, loss sin(100 theta), sigma 0.1: RP has variance 5000, ES 22.
    const rough = defineProblem({
      name: "rough",
      horizon: 1,
      init: () => np.zeros([]),
      step: (theta: Tensor, s: Tensor) => ({ state: s.mul(0.5), loss: np.sin(theta.mul(100)) }),
    });
    const { verdict } = chaosReport(rough, np.array(0.4, wide), { ...options, sigma: 0.1 });
    expect(verdict).toMatchObject({
      regime: "stable",
      method: "mixture",
      estimator: "mixture",
      crossover: 1,
    });
  });
  test("at the minimum of a bowl antithetic losses are the same, and nothing explodes", () => {
    // x_t = 0.9^t + (1 - 0.9^t) a: the mean of the squares of ten steps is least at a = -sum p q / sum q², p = 0.9^t = 1 - q.
    const powers = Array.from({ length: 10 }, (_, t) => 0.9 ** (t + 1));
    const dot = powers.reduce((sum, p) => sum + p * (1 - p), 0);
    const optimum = -dot / powers.reduce((sum, p) => sum + (1 - p) ** 2, 0);
    const bowl = defineProblem({
      name: "bowl",
      horizon: 10,
      init: () => np.array(1, wide),
      step(a: Tensor, x: Tensor) {
        const next = x.mul(0.9).add(a.mul(0.1));
        return { state: next, loss: next.mul(next) };
      },
    });
    const { verdict, variance } = chaosReport(bowl, np.array(optimum, wide), { ...options, sigma: 0.1 });
    const { rp, esAntithetic, esCentred } = variance.horizons.at(-1)!;
    expect(esAntithetic.totalVariance).toBeLessThan(1e-20 * rp.totalVariance);
    // h² sigma² against h² sigma² times E (z³ - z)² / 4 = 10 / 4.
    expect(esCentred.totalVariance / rp.totalVariance).toBeGreaterThan(0.5);
    expect(esCentred.totalVariance / rp.totalVariance).toBeLessThan(10);
    expect(verdict).toMatchObject({ regime: "stable" });
  });
  test("a loop without an end is judged over the horizon that is asked for", () => {
    const { verdict, lyapunov } = chaosReport(
      logistic(),
      { r: np.array(3.9, wide) },
      { ...options, horizon: 64 },
    );
    expect(Math.abs(lyapunov.exponents[0]! - 0.4961)).toBeLessThan(0.03);
    expect(verdict.estimator).toBe("pes");
  });
  test("options are checked", () => {
    const problem = logistic({ horizon: 5 });
    expect(() => chaosReport(problem, { r: np.array(3) }, { horizon: 6 })).toThrow(OptionError);
    expect(() => chaosReport(problem, { r: np.array(3) }, { points: 1 })).toThrow(OptionError);
  });
});

test("derivatives that miss jumps are told", () => {
  // A ball that is thrown back at the floor: x jumps, and the derivative of floor is 0.
  const steps = defineProblem({
    name: "stairs",
    horizon: 40,
    init: (_theta, key) => random.uniform(key),
    step: (theta: Tensor, x: Tensor) => ({
      state: x
        .mul(1.3)
        .add(np.floor(x.mul(2e5)).mul(1e-5))
        .add(theta),
      loss: x,
    }),
  });
  const { mismatch, fraction } = derivativeMismatch(steps, np.array(0.1, wide));
  expect(mismatch).toHaveLength(40);
  // Stairs of width 5e-6 and height 1e-5 add a slope of 2 that the derivative does not see: (3.3 - 1.3) / 3.3.
  expect(fraction).toBe(1);
  expect(mismatch[0]).toBeCloseTo(2 / 3.3, 1);
  expect(derivativeMismatch(logistic({ horizon: 40 }), { r: np.array(4) }).fraction).toBe(0);
});
