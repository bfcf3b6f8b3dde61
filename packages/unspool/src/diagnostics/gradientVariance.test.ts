/** Variances of both estimates of a smoothed gradient against closed forms. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { gradientVariance } from "./index.ts";
import { logistic } from "./testing.ts";

const wide = { dtype: "float64" } as const;

/** L(theta) = sin(w theta). */
const sine = (w: number) =>
  defineProblem({
    name: "sine",
    horizon: 1,
    init: () => np.zeros([]),
    step: (theta: Tensor, s: Tensor) => ({ state: s, loss: np.sin(theta.mul(w)) }),
  });

describe("sin(w theta) at 0.4 with sigma 0.1, 4000 samples", () => {
  // Gradient and variances per sample of RP, plain ES and antithetic ES, from Gaussian integrals of sines.
  test.each([
    [1, 0.91646718313, 0.001543398338, 16.380360277, 1.663123664],
    [3, 1.039239302407, 0.648328151302, 68.629517822, 1.975583476],
    [10, -3.964548965794, 33.297787083504, 31.328658255, 14.318150274],
    [30, 0.28123112119, 449.920911964, 49.920920362, 35.525403219],
    [100, 0, 5000, 50, 22.240318904],
  ])("w = %i", (w, gradient, rp, es, esAntithetic) => {
    const { horizons } = gradientVariance(sine(w), np.array(0.4, wide), {
      sigma: 0.1,
      samples: 4000,
      horizons: [1],
    });
    const found = horizons[0]!;
    for (const [spread, wanted] of [
      [found.rp, rp],
      [found.es, es],
      [found.esAntithetic, esAntithetic],
    ] as const) {
      // Four standard errors each: a fixed seed that fails is a change of the code.
      expect(Math.abs(spread.totalVariance - wanted)).toBeLessThan(4 * spread.standardError);
      expect(Math.abs(spread.mean[0]! - gradient)).toBeLessThan(4 * Math.sqrt(wanted / 4000));
      // Power: the test would see a variance that is wrong by a quarter.
      expect(4 * spread.standardError).toBeLessThan(0.25 * wanted);
    }
  });
});

describe("logistic map, r = 4 from theta = 0.3, sigma 0.01, the last state", () => {
  const problem = defineProblem({
    name: "logisticStart",
    horizon: Infinity,
    init: (theta: Tensor) => theta,
    step(_theta: Tensor, x: Tensor) {
      const next = x.mul(x.neg().add(1)).mul(4);
      return { state: next, loss: next };
    },
  });
  const { horizons, crossover } = gradientVariance(problem, np.array(0.3, wide), {
    sigma: 0.01,
    samples: 6000,
    horizons: [1, 5, 6, 7, 10, 12],
    objective: "last",
  });
  test("variances of RP grow fourfold per step, those of ES do not grow", () => {
    // By dense integration over the perturbation.
    const wanted = [
      [6.4e-3, 5.12],
      [286.06, 317.7],
      [1868.69, 646.7],
      [9756.5, 506.2],
      [6.25e5, 555.4],
      [9.99e6, 579.2],
    ] as const;
    wanted.forEach(([rp, es], h) => {
      expect(Math.abs(horizons[h]!.rp.totalVariance / rp - 1)).toBeLessThan(0.15);
      expect(Math.abs(horizons[h]!.esAntithetic.totalVariance / es - 1)).toBeLessThan(0.15);
    });
    // E x² / sigma² = 0.375 / 1e-4.
    expect(Math.abs(horizons.at(-1)!.es.totalVariance / 3750 - 1)).toBeLessThan(0.1);
  });
  test("they cross at T = 6", () => expect(crossover).toBe(6));
});

describe("several parameters, noise and objectives", () => {
  const problem = defineProblem({
    name: "drift",
    horizon: 8,
    init: (_theta, key) => ({ x: random.normal(key, [2]) }),
    step(theta: { rate: Tensor; shift: Tensor }, { x }, { key }) {
      const next = x
        .mul(theta.rate)
        .add(theta.shift)
        .add(random.normal(key, [2]).mul(0.1));
      return { state: { x: next }, loss: next.mul(next).sum() };
    },
  });
  const theta = { rate: np.array([0.5, 0.9]), shift: np.array(0.3) };
  test.each(["mean", "sum", "last"] as const)("forward and reverse mode agree: %s", (objective) => {
    const run = (mode: "forward" | "reverse") =>
      gradientVariance(problem, theta, { mode, objective, samples: 4, horizons: [3, 8] }).horizons;
    const [forward, reverse] = [run("forward"), run("reverse")];
    for (const h of [0, 1]) {
      for (const j of [0, 1, 2]) expect(reverse[h]!.rp.mean[j]! / forward[h]!.rp.mean[j]!).toBeCloseTo(1, 9);
      expect(reverse[h]!.rp.totalVariance / forward[h]!.rp.totalVariance).toBeCloseTo(1, 9);
      expect(reverse[h]!.es.totalVariance).toBe(forward[h]!.es.totalVariance);
    }
  });
  test("objectives of the same trajectories differ as they should", () => {
    const at = (objective: "mean" | "sum" | "last") =>
      gradientVariance(problem, theta, { objective, samples: 8, horizons: [7, 8] }).horizons;
    const [mean, sum, last] = [at("mean"), at("sum"), at("last")];
    for (const j of [0, 1, 2]) {
      expect(8 * mean[1]!.rp.mean[j]!).toBeCloseTo(sum[1]!.rp.mean[j]!, 9);
      expect(sum[1]!.rp.mean[j]! - sum[0]!.rp.mean[j]!).toBeCloseTo(last[1]!.rp.mean[j]!, 9);
    }
  });
  test("common trajectories leave only the perturbation's variance", () => {
    const run = (trajectories: "common" | "independent") =>
      gradientVariance(problem, theta, { trajectories, sigma: 1e-6, samples: 16 }).horizons.at(-1)!.rp
        .totalVariance;
    expect(run("common")).toBeLessThan(1e-6 * run("independent"));
  });
  test("default horizons are fractions of the horizon, and options are checked", () => {
    const { horizons } = gradientVariance(problem, theta, { samples: 2 });
    expect(horizons.map(({ horizon }) => horizon)).toEqual([1, 2, 4, 8]);
    expect(() => gradientVariance(problem, theta, { samples: 1 })).toThrow(OptionError);
    expect(() => gradientVariance(problem, theta, { horizons: [9] })).toThrow(OptionError);
    expect(() => gradientVariance(logistic(), { r: np.array(4) }, { sigma: 0 })).toThrow(OptionError);
  });
  test("gradients that overflow have an infinite variance, and say so in the largest norm", () => {
    const exploding = defineProblem({
      horizon: Infinity,
      init: () => np.zeros([]),
      step: (slope: Tensor, x: Tensor) => ({ state: np.sin(x.mul(1e30).add(slope)), loss: x }),
    });
    const { horizons } = gradientVariance(exploding, np.array(0.1), { samples: 8, horizons: [2, 20] });
    expect(horizons[1]!.rp.totalVariance).toBe(Infinity);
    expect(horizons[1]!.rp.largestNorm).toBe(Infinity);
    expect(horizons[1]!.esAntithetic.totalVariance).toBeLessThan(1e6);
  });
});
