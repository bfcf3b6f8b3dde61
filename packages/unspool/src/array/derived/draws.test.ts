/**
 * Distributions: moments and probabilities against closed forms with fixed keys, bounds of 4.5 standard errors; the
 * same values in a trace; derivatives of gamma numbers against differences of the inverse distribution function.
 */
import { describe, expect, test } from "vitest";
import { OptionError } from "../../errors.ts";
import { type Key, type Tensor, grad, jit, np, random } from "../index.ts";
import { digamma, gammaSlope } from "./random/gammaSlope.ts";

const key = random.key(11);
const count = 6000;

/** Mean and variance in double precision. */
function moments(x: Tensor): { mean: number; variance: number } {
  const values = Array.from(x.data);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1) };
}

/** Mean, variance and fourth central moment of each distribution. */
const laws: Record<
  string,
  [draw: (k: Key, n: number) => Tensor, mean: number, variance: number, fourth: number]
> = {
  ...Object.fromEntries(
    // Central fourth moment of gamma: 3 a² + 6 a.
    [0.2, 1, 3.5, 200].map((a) => [
      `gamma ${a}`,
      [(k: Key, n: number) => random.gamma(k, a, [n]), a, a, 3 * a * a + 6 * a] as never,
    ]),
  ),
  // Fourth central moment of Poisson: rate + 3 rate².
  ...Object.fromEntries(
    [0.3, 4, 9.99, 10, 75.5, 3e6].map((r) => [
      `poisson ${r}`,
      [(k: Key, n: number) => random.poisson(k, r, [n]), r, r, r + 3 * r * r] as never,
    ]),
  ),
  ...Object.fromEntries(
    [
      [7, 0.3],
      [40, 0.9],
      [100, 0.5],
      [5000, 0.02],
      [1000000, 0.4],
    ].map(([trials, p]) => {
      const v = trials! * p! * (1 - p!);
      return [
        `binomial ${trials}, ${p}`,
        [
          (k: Key, n: number) => random.binomial(k, trials!, p!, [n]),
          trials! * p!,
          v,
          v * (1 + 3 * v * (1 - 2 / trials!)),
        ] as never,
      ];
    }),
  ),
  // Beta(2, 3): mean 2/5, variance 1/25, excess kurtosis -9/14 (2 + 3: 6((a-b)²(a+b+1) - ab(a+b+2)) / (ab(a+b+2)(a+b+3))).
  "beta 2, 3": [(k, n) => random.beta(k, 2, 3, [n]), 0.4, 0.04, 0.0016 * (3 - 9 / 14)],
  laplace: [(k, n) => random.laplace(k, [n]), 0, 2, 24],
  // Beyond 2: moments of the truncated normal from phi(2)/Q(2) = 2.3732155328.
  "truncated normal above 2": [
    (k, n) => random.truncatedNormal(k, 2, Infinity, [n]),
    2.3732155328,
    1 + 2 * 2.3732155328 - 2.3732155328 ** 2,
    0.17,
  ],
  "truncated normal": [(k, n) => random.truncatedNormal(k, -1, 1, [n]), 0, 0.2911250947, 0.15],
};

describe.each(Object.entries(laws))("%s", (_name, [draw, mean, variance, fourth]) => {
  test("mean and variance are those of the law", () => {
    const found = moments(draw(key, count));
    expect(Math.abs(found.mean - mean) / Math.sqrt(variance / count)).toBeLessThan(4.5);
    const error = Math.sqrt(Math.max(fourth - variance ** 2, 0.1 * variance ** 2) / count);
    expect(Math.abs(found.variance - variance) / error).toBeLessThan(4.5);
  });

  test("a trace draws the same numbers", () => {
    const eager = Array.from(draw(key, 300).data);
    const traced = Array.from(jit((k: Key) => draw(k, 300))(key).data);
    const size = Math.max(1, Math.abs(mean));
    expect(
      traced.every((value, i) => Math.abs(value - eager[i]!) <= 2e-5 * Math.max(size, Math.abs(value))),
    ).toBe(true);
  });
});

test("poisson and binomial probabilities, by a chi-square with 9 and 10 degrees of freedom below its 0.9999 quantile", () => {
  const chiSquare = (x: Tensor, probabilities: readonly number[]): number => {
    const found = Array.from(
      np.bincount(np.minimum(x, probabilities.length) as Tensor, { length: probabilities.length + 1 }).data,
    );
    const rest = 1 - probabilities.reduce((sum, p) => sum + p, 0);
    return [...probabilities, rest].reduce(
      (sum, p, k) => sum + (found[k]! - count * p) ** 2 / (count * p),
      0,
    );
  };
  const poisson = [Math.exp(-3)];
  for (let k = 1; k < 9; k++) poisson.push((poisson[k - 1]! * 3) / k);
  expect(chiSquare(random.poisson(key, 3, [count]), poisson)).toBeLessThan(33.7);
  const binomial = [0.7 ** 12];
  for (let k = 1; k < 10; k++) binomial.push(((binomial[k - 1]! * (13 - k)) / k) * (0.3 / 0.7));
  expect(chiSquare(random.binomial(key, 12, 0.3, [count]), binomial)).toBeLessThan(35.6);
});

test("cauchy: quartiles at -1, 0 and 1", () => {
  const quartiles = np.quantile(random.cauchy(key, [count]), [0.25, 0.5, 0.75]);
  // Standard error of a quantile: sqrt(p (1 - p) / n) / density, at most pi sqrt(3/16) 2 / sqrt(n).
  for (const [i, expected] of [-1, 0, 1].entries()) {
    expect(Math.abs(quartiles.data[i]! - expected)).toBeLessThan((4.5 * Math.PI * 0.87) / Math.sqrt(count));
  }
});

test("dirichlet: on the simplex, with means alpha / sum, also for parameters that underflow as gamma numbers", () => {
  const x = random.dirichlet(key, [1, 2, 5], [count]);
  expect(x.shape).toEqual([count, 3]);
  for (const [i, mean] of [0.125, 0.25, 0.625].entries()) {
    const error = Math.sqrt((mean * (1 - mean)) / 9 / count);
    expect(Math.abs(moments(x.slice([], i)).mean - mean) / error).toBeLessThan(4.5);
  }
  const tiny = random.dirichlet(key, [0.001, 0.001], [200]);
  expect(tiny.data.every(Number.isFinite)).toBe(true);
  expect(Math.max(...tiny.sum(-1).data.map((sum) => Math.abs(sum - 1)))).toBeLessThan(1e-6);
});

test("far in a tail, truncated normals stay in their interval", () => {
  const x = random.truncatedNormal(key, 8, 9, [2000]);
  expect(Math.min(...x.data)).toBeGreaterThanOrEqual(8);
  expect(Math.max(...x.data)).toBeLessThanOrEqual(9);
  // Nearly exponential with rate 8: mean 8 + 1/8 - … = 8.1212 (phi(8) - phi(9)) / (Q(8) - Q(9)).
  expect(moments(x).mean).toBeCloseTo(8.1212, 2);
});

test("multivariate normals have the covariance", () => {
  // prettier-ignore
  const covariance = np.array([[2, 0.6], [0.6, 1]]);
  const x = random.multivariateNormal(key, [1, -1], covariance, [count]);
  const found = np.cov(x, { rowvar: false });
  for (const [i, c] of [2, 0.6, 0.6, 1].entries()) expect(Math.abs(found.data[i]! - c)).toBeLessThan(0.09);
  // prettier-ignore
  expect(() => random.multivariateNormal(key, [0, 0], [[1, 2], [2, 1]])).toThrow(OptionError);
});

test("choice: probabilities, without repetition, and elements that cannot come", () => {
  const x = random.choice(key, [10, 20, 30], [count], { p: [0.2, 0, 0.8] });
  expect(new Set(x.data)).toEqual(new Set([10, 30]));
  const share = Array.from(x.data).filter((v) => v === 10).length / count;
  expect(Math.abs(share - 0.2) / Math.sqrt(0.16 / count)).toBeLessThan(4.5);
  const distinct = random.choice(key, 6, [6], { replace: false });
  expect(Array.from(distinct.data).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  const weighted = random.choice(key, 5, [3], { replace: false, p: [1, 0, 1, 0, 1] });
  expect(Array.from(weighted.data).toSorted()).toEqual([0, 2, 4]);
  expect(() => random.choice(key, 3, [4], { replace: false })).toThrow(OptionError);
  expect(random.permutation(key, np.arange(12).reshape([4, 3])).shape).toEqual([4, 3]);
});

test("parameters out of range are named", () => {
  expect(() => random.poisson(key, -1)).toThrow(/random\.poisson: rate/);
  expect(() => random.gamma(key, [1, 0])).toThrow(/alpha/);
  expect(() => random.binomial(key, 2.5, 0.5)).toThrow(/n /);
  expect(() => random.binomial(key, 3, 1.5)).toThrow(/p /);
  expect(() => random.truncatedNormal(key, 1, 1)).toThrow(/upper/);
});

test("digamma: -0.5772156649015329 at 1, and psi(0.5) = -gamma - 2 log 2", () => {
  const euler = 0.5772156649015329;
  const found = digamma(np.array([1, 0.5, 10], { dtype: "float64" }));
  const harmonic9 = Array.from({ length: 9 }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b);
  for (const [i, value] of [-euler, -euler - 2 * Math.LN2, harmonic9 - euler].entries()) {
    expect(found.data[i]).toBeCloseTo(value, 12);
  }
});

/** F(x; a) by its series, in double precision. */
function gammaCdf(x: number, a: number): number {
  let [term, sum] = [1, 1];
  for (let n = 1; n < 2000 && term > 1e-18 * sum; n++) sum += term *= x / (a + n);
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a + 1));
}

/** Stirling's series after shifting by 20. */
function logGamma(z: number): number {
  let [shift, w] = [0, z];
  while (w < 20) shift += Math.log(w++);
  return (
    (w - 0.5) * Math.log(w) - w + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * w) - 1 / (360 * w ** 3) - shift
  );
}

test.each([
  [0.4, 0.05],
  [0.4, 2],
  [3, 1],
  [3, 9],
  [50, 40],
  [50, 75],
  [80, 60],
  [80, 110],
  [500, 560],
])("dx/dalpha of gamma numbers at fixed probability: alpha %d, x %d", (a, x) => {
  const h = 1e-3 * a;
  const density = Math.exp((a - 1) * Math.log(x) - x - logGamma(a));
  const difference = (step: number): number => gammaCdf(x, a + step) - gammaCdf(x, a - step);
  // Of fourth order.
  const slope = -(8 * difference(h) - difference(2 * h)) / (12 * h) / density;
  const found = gammaSlope(np.array(x, { dtype: "float64" }), np.array(a, { dtype: "float64" })).item();
  // Differences are exact to about 1e-6; the closed form above 64 to 5e-4.
  expect(Math.abs(found / slope - 1)).toBeLessThan(a > 64 ? 5e-4 : 2e-6);
});

test("the gradient of the mean of gamma numbers with respect to alpha is 1, of their logarithm trigamma", () => {
  const mean = (a: Tensor): Tensor => random.gamma(key, a, [4000]).mean();
  for (const a of [0.5, 2.5]) expect(grad(mean)(np.array(a)).item()).toBeCloseTo(1, 1);
});
