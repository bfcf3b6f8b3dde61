/** Growth of gradients against closed forms: logistic map, linear maps, gradient descent on a quadratic. */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import {
  gradientGrowth,
  jacobianSpectrum,
  lyapunov,
  productSpectrum,
  stateJacobian,
  stateJacobians,
} from "./index.ts";
import { henon, linearMap, logistic, lorenz } from "./testing.ts";

const wide = { dtype: "float64" } as const;
const none = np.array([0], wide);

/** The logistic map from theta: d x_T / d theta is d x_T / d x_0. */
const fromStart = defineProblem({
  name: "logisticStart",
  horizon: Infinity,
  init: (theta: Tensor) => theta,
  step(_theta: Tensor, x: Tensor) {
    const next = x.mul(x.neg().add(1)).mul(4);
    return { state: next, loss: next };
  },
});

describe("logistic map, r = 4, from 0.3", () => {
  const { logStateNorms, logLossNorms, losses, stateRate, usableHorizon, precisionHorizon } = gradientGrowth(
    fromStart,
    np.array(0.3, wide),
    { steps: 1000 },
  );
  // x_T = sin²(2^T phi), phi = asin sqrt 0.3; derivatives in arithmetic of 100 digits.
  test.each([
    [1, 0.84, 1.6],
    [2, 0.5376, 4.352],
    [5, 0.0879453645446, 19.7768552627],
    [10, 0.0434218534453, 455.412257322],
    [20, 0.941784605585, 535778.129374],
  ])("T = %i: state and derivative", (steps, state, derivative) => {
    expect(losses[steps - 1]! / state).toBeCloseTo(1, 9);
    expect(logStateNorms[steps - 1]).toBeCloseTo(Math.log(derivative), 9);
    expect(logLossNorms[steps - 1]).toBeCloseTo(Math.log(derivative), 9);
  });
  test("beyond the range of float64 the rate is still the exponent ln 2", () => {
    // The derivative after 1000 steps is about 2^1000 times an error of order one.
    expect(stateRate).toBeCloseTo(Math.LN2, 1);
    expect(logStateNorms[999]!).toBeGreaterThan(600);
  });
  test("horizons", () => {
    // Growth by 1000 beyond t: 2^t > 1000 t from t = 14 on, give or take the local rates.
    expect(usableHorizon).toBeGreaterThanOrEqual(9);
    expect(usableHorizon).toBeLessThanOrEqual(20);
    // 24 and 53 doublings lose all digits.
    expect(precisionHorizon.float32).toBeCloseTo(24, -0.5);
    expect(precisionHorizon.float64 / precisionHorizon.float32).toBeCloseTo(53 / 24, 9);
  });
});

describe("gradient descent on a quadratic, theta the step size", () => {
  const curvature = np.array([0.5, 2, 4], wide);
  const problem = defineProblem({
    name: "quadratic",
    horizon: Infinity,
    init: () => np.array([1, -1, 0.5], wide),
    step(rate: Tensor, x: Tensor) {
      const next = x.sub(x.mul(curvature).mul(rate));
      return { state: next, loss: next.mul(next).mul(curvature).sum().mul(0.5) };
    },
  });
  // d/da of sum lam x_0² (1 - a lam)^(2T) / 2, in closed form.
  test.each([
    [0.1, 5, 0.26008172601, 3.673720242156],
    [0.49, 20, 0.097686355356, 16.28042575335],
    [0.52, 20, 10.862262218033, 1609.223774857968],
    [0.52, 60, 5126.496471253, 2278442.876112647],
  ])("rate %f, T = %i: loss %f, derivative %f", (rate, steps, loss, derivative) => {
    const growth = gradientGrowth(problem, np.array(rate, wide), { steps });
    expect(growth.losses.at(-1)! / loss).toBeCloseTo(1, 10);
    expect(Math.exp(growth.logLossNorms.at(-1)!) / derivative).toBeCloseTo(1, 10);
  });
  test("linear gathering is not growth", () => {
    // x' = x + theta: J_t = t.
    const counter = linearMap([[1]], [[1]]);
    const { usableHorizon, stateRate } = gradientGrowth(counter, none, { steps: 3000 });
    expect(usableHorizon).toBe(Infinity);
    expect(stateRate).toBeLessThan(1e-3);
  });
});

test("random directions estimate the norm that all directions give", () => {
  const theta = np.array([1.4, 0.3], wide);
  const exact = gradientGrowth(henon(), theta, { steps: 60 });
  const random = gradientGrowth(henon(), theta, { steps: 60, directions: 64 });
  expect([exact.isExact, random.isExact, random.directions]).toEqual([true, false, 64]);
  // Once one direction dominates, a chi distribution with 64 degrees of freedom: relative deviation 0.09.
  expect(Math.abs(exact.logStateNorms[59]! - random.logStateNorms[59]!)).toBeLessThan(0.4);
});

describe("products of Jacobians", () => {
  test.each([
    [1, 1.1451102882],
    [5, 1.6429008683],
    [10, 1.3591976407],
    [20, 1.783438434],
    [50, 2.743948419],
    [100, 5.0098954147],
  ])("rotating map, T = %i: largest singular value %f", (time, wanted) => {
    // Matrix powers in arithmetic of 50 digits; eigenvalues of modulus 1.0124 only.
    const [found] = productSpectrum(linearMap([[0.9, 0.4], [-0.2, 1.05]]), none, { times: [time] }); // prettier-ignore
    expect(Math.exp(found!.logSingularValues[0]!)).toBeCloseTo(wanted, 8);
  });
  test("a shearing map grows twentyfold before it decays, though both eigenvalues are 0.9", () => {
    const times = [1, 5, 8, 9, 10, 54, 55, 100];
    const found = productSpectrum(linearMap([[0.9, 5], [0, 0.9]]), none, { times }); // prettier-ignore
    const largest = found.map(({ logSingularValues }) => Math.exp(logSingularValues[0]!));
    expect(largest[0]).toBeCloseTo(5.1570660511, 8);
    expect(largest[1]).toBeCloseTo(16.4237301613, 8);
    expect(largest[3]).toBeCloseTo(19.3787697629, 8);
    expect(Math.max(largest[2]!, largest[4]!)).toBeLessThan(largest[3]!);
    expect([largest[5]! > 1, largest[6]! < 1]).toEqual([true, true]);
    expect(largest[7]).toBeCloseTo(0.0147563805, 9);
    // The product of the singular values is the determinant, 0.81^T.
    found.forEach(({ logSingularValues, time }) =>
      expect(logSingularValues[0]! + logSingularValues[1]!).toBeCloseTo(time * Math.log(0.81), 8),
    );
  });
  test("an orthogonal map times g, beyond the range of float64", () => {
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const [found] = productSpectrum(linearMap([[3 * c, -3 * s], [3 * s, 3 * c]], [[0], [0]]), none, { times: [600] }); // prettier-ignore
    for (const log of found!.logSingularValues) expect(log / (600 * Math.log(3))).toBeCloseTo(1, 10);
  });
});

describe("recurrent network with an orthogonal matrix, h' = tanh(g W h + b), 32 units", () => {
  // W is the orthonormal DCT-II, b_j = 0.1 sin j, h_0 = sin 0.7 j; products computed in numpy.
  const n = 32;
  const from1 = Array.from({ length: n }, (_, j) => j + 1);
  const entry = (k: number, j: number): number =>
    Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (j + 0.5) * k) / n);
  const w = np.array(
    from1.map((_, k) => from1.map((__, j) => entry(k, j))),
    wide,
  );
  const network = defineProblem<Tensor, Tensor>({
    name: "network",
    horizon: Infinity,
    init: () => np.array(from1.map((j) => Math.sin(0.7 * j)), wide), // prettier-ignore
    step(g, h) {
      const bias = np.array(from1.map((j) => 0.1 * Math.sin(j)), wide); // prettier-ignore
      const next = np.tanh(np.matmul(w, h).mul(g).add(bias));
      return { state: next, loss: next.sum() };
    },
  });
  test("contracting and growing products", () => {
    const largest = (g: number, times: number[]) =>
      productSpectrum(network, np.array(g, wide), { times }).map(({ logSingularValues }) =>
        Math.exp(logSingularValues[0]!),
      );
    const [atTen, atHundred] = largest(0.9, [10, 100]) as [number, number];
    expect(atTen).toBeCloseTo(0.2991376395, 9);
    expect(atHundred * 1e6).toBeCloseTo(2.9682, 3);
    expect(largest(1.5, [10])[0]).toBeCloseTo(20.1024457, 6);
  });
  test.each([
    [0.5, -0.69984],
    [0.9, -0.13711],
  ])("g = %f: the exponent %f is the logarithm of the spectral radius at the fixed point", (g, wanted) => {
    const theta = np.array(g, wide);
    const { spectralRadius } = jacobianSpectrum(stateJacobian(network, theta, { t: 300 }));
    // The number is from a finite run; its direction turns, so it is the limit up to a term in 1 / steps.
    expect(Math.log(spectralRadius)).toBeCloseTo(wanted, 3);
    const { exponents } = lyapunov(network, theta, { exponents: 1, steps: 4000 });
    expect(exponents[0]).toBeCloseTo(Math.log(spectralRadius), 3);
  });
});

describe("Jacobians of the step", () => {
  test("along a trajectory: slope of the logistic map", () => {
    const theta = { r: np.array(4, wide) };
    const found = stateJacobians(logistic({ start: 0.3 }), theta, { times: [0, 5, 1] });
    // r (1 - 2 x) at x_0 = 0.3, x_5 = 0.0879…, x_1 = 0.84.
    [1.6, 4 * (1 - 2 * 0.0879453645446), -2.72].forEach((slope, i) =>
      expect(found[i]!.entries[0]).toBeCloseTo(slope, 9),
    );
  });
  test("at a state of one's own, rows are outputs", () => {
    const state = np.array([1, 2, 3], wide);
    const { size, entries } = stateJacobian(lorenz(0.01), np.array(28), { state });
    const slope = [[-10, 10, 0], [28 - 3, -1, -1], [2, 1, -8 / 3]]; // prettier-ignore
    expect(size).toBe(3);
    slope
      .flat()
      .forEach((value, at) => expect(entries[at]).toBeCloseTo(value * 0.01 + Number(at % 4 === 0), 12));
  });
  test("options are checked", () => {
    expect(() => stateJacobian(logistic({ horizon: 3 }), { r: np.array(4) }, { t: 3 })).toThrow(OptionError);
    expect(() => productSpectrum(lorenz(), np.array(28), { times: [] })).toThrow(OptionError);
    expect(() => gradientGrowth(henon(), np.array([1.4, 0.3]), { largestGrowth: 1 })).toThrow(OptionError);
    expect(() => gradientGrowth({ ...henon(), isDifferentiable: false }, np.array([1.4, 0.3]))).toThrow(
      OptionError,
    );
  });
});
