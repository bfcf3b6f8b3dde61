/** The mixture takes the quieter of its two parts, and survives derivatives that overflow. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { defineProblem } from "../../unroll/index.ts";
import { fullEs, mixture } from "../index.ts";
import type { GradientEstimator } from "../estimator.ts";

const theta = np.array(0.4, { dtype: "float64" });
const sine = (w: number) =>
  defineProblem({
    name: "sine",
    horizon: 1,
    init: () => np.zeros([]),
    step: (at: Tensor, s: Tensor) => ({ state: s, loss: np.sin(at.mul(w)) }),
  });

/** Mean and variance of estimates 10 … 149. */
function spread(estimator: GradientEstimator<Tensor>): { mean: number; variance: number } {
  let state = estimator.init(theta, random.key(0));
  const values: number[] = [];
  for (let i = 0; i < 150; i++) {
    const estimate = estimator.estimate(theta, state, random.key(i));
    state = estimate.state;
    if (i >= 10) values.push(estimate.gradient.item());
  }
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1) };
}

describe("on sin(w theta), sigma 0.1, 8 pairs", () => {
  const options = { sigma: 0.1, pairs: 8 };
  test.each([
    // Smoothed gradient w cos(w theta) exp(-w² sigma² / 2).
    [1, 0.91646718313],
    [100, 0],
  ])("w = %i: the mean is right, the variance near the smaller one", (w, gradient) => {
    const { mean, variance } = spread(mixture(sine(w), options));
    expect(Math.abs(mean - gradient)).toBeLessThan(4 * Math.sqrt(variance / 140));
    const es = spread(fullEs(sine(w), options)).variance;
    // Per pair the antithetic mean of w cos(w (theta ± eps)) has variance w² cos²(w theta) (E[cos²] - E[cos]²).
    const [even, odd] = [2, 0.5].map((power) => Math.exp(-power * w * w * 0.01)) as [number, number];
    const rp = (w * w * Math.cos(w * 0.4) ** 2 * ((1 + even) / 2 - odd * odd)) / 8;
    // Inverse-variance weights of two estimates would reach at most the smaller variance if they were independent;
    // here they share perturbations, and 140 estimates know a variance to 12 % (four times that is allowed).
    expect(variance).toBeLessThan(1.5 * Math.min(es, rp));
  });
});

test("derivatives that overflow have no weight", () => {
  const exploding = defineProblem({
    name: "exploding",
    horizon: 20,
    init: () => np.zeros([]),
    step: (slope: Tensor, x: Tensor) => ({ state: np.sin(x.mul(1e30).add(slope)), loss: x }),
  });
  const estimator = mixture(exploding, { sigma: 0.1, pairs: 4 });
  let state = estimator.init(theta, random.key(1));
  for (let i = 0; i < 5; i++) {
    const estimate = estimator.estimate(theta, state, random.key(i));
    // Losses are at most 1: an ES estimate of a pair is at most |eps| / sigma².
    expect(Math.abs(estimate.gradient.item())).toBeLessThan(100);
    state = estimate.state;
  }
});

describe("in chaos, where derivatives are 10^6 to 10^30 times as long as what evolution strategies say", () => {
  /** The logistic map at r = 3.9, from a start that differs: its exponent is 0.4961 per step. */
  const logistic = (horizon: number) =>
    defineProblem({
      name: "logistic",
      horizon,
      init: (_r: Tensor, key) => random.uniform(key, [], { dtype: "float64" }).mul(0.2).add(0.4),
      step(r: Tensor, x: Tensor) {
        const next = x.mul(x.neg().add(1)).mul(r);
        return { state: next, loss: next };
      },
    });
  const at = np.array(3.9, { dtype: "float64" });
  function values(estimator: GradientEstimator<Tensor>, count: number): number[] {
    let state = estimator.init(at, random.key(0));
    return Array.from({ length: count }, (_, i) => {
      const estimate = estimator.estimate(at, state, random.key(i));
      state = estimate.state;
      return estimate.gradient.item();
    });
  }
  const meanSquare = (of: readonly number[]): number => of.reduce((sum, x) => sum + x * x, 0) / of.length;
  test.each([30, 60, 150])(
    "%i steps: the mixture is not worse than full ES by more than the bound",
    (horizon) => {
      const options = { sigma: 0.005, pairs: 8 };
      const [mixed, es] = [mixture, fullEs].map((make) => values(make(logistic(horizon), options), 200));
      // (sqrt 1 + sqrt 4)^2 at worst, were both parts in phase; 200 estimates know a mean square to about 10 %.
      expect(meanSquare(mixed!)).toBeLessThan(9 * meanSquare(es!));
      expect(Math.max(...mixed!.map(Math.abs))).toBeLessThan(5 * Math.max(...es!.map(Math.abs)));
    },
  );
});

test("options are checked", () => {
  expect(() => mixture(sine(1), { pairs: 1 })).toThrow(OptionError);
  expect(() => mixture({ ...sine(1), horizon: Infinity })).toThrow(OptionError);
  expect(() => mixture({ ...sine(1), isDifferentiable: false })).toThrow(OptionError);
});
