/** The mathematics below the searches: quantiles, sequences, processes. References: SciPy 1.17 and NumPy 2.4 where not said otherwise. */
import { describe, expect, test } from "vitest";
import { intoBox, outOfBox } from "./boxTransform.ts";
import { expectedImprovement } from "./expectedImprovement.ts";
import { choleskyFactor, choleskyInverse } from "./cholesky.ts";
import { fitHyperparameters, logPosterior, priorMode } from "./fitHyperparameters.ts";
import { gaussianProcess, logEvidence } from "./gaussianProcess.ts";
import { haltonDimensions, haltonNumber, primes } from "./halton.ts";
import { matrixExponential, timesMatrix } from "./matrixExponential.ts";
import { normalProbability, normalQuantile } from "./normalDistribution.ts";
import { centredRanks, ranking } from "./ranks.ts";
import { symmetricRoot } from "./symmetricRoot.ts";

test("quantiles of the normal distribution are scipy.stats.norm.ppf's", () => {
  const p = [1e-300, 1e-12, 0.001, 0.02, 0.3, 0.5, 0.84, 0.99999];
  const z = [-37.0470962993612, -7.034483825301131, -3.090232306167813, -2.053748910631823, -0.5244005127080409, 0, 0.994457883209753, 4.264890793923841]; // prettier-ignore
  p.forEach((one, i) => expect(Math.abs(normalQuantile(one) - z[i]!)).toBeLessThan(1e-14 * (1 + Math.abs(z[i]!)))); // prettier-ignore
});

test("probabilities of the normal distribution are scipy.stats.norm.cdf's", () => {
  const z = [-12, -8, -3.3, -0.5, 0, 0.7, 2.2, 6, 7.5];
  const p = [1.776482112077653e-33, 6.22096057427174e-16, 0.00048342414238377744, 0.3085375387259869, 0.5, 0.758036347776927, 0.9860965524865014, 0.9999999990134123, 0.9999999999999681]; // prettier-ignore
  // In the tails to 8 digits, and everywhere to 1e-15.
  z.forEach((one, i) =>
    expect(Math.abs(normalProbability(one) - p[i]!)).toBeLessThan(Math.min(1e-15, 1e-8 * p[i]!)),
  );
});

describe("Halton's sequence", () => {
  test("is scipy.stats.qmc.Halton's where it is not scrambled", () => {
    const dimensions = haltonDimensions(5);
    const points = [1, 2, 6, 7].map((i) => dimensions.map((dimension) => haltonNumber(i, dimension)));
    const expected = [[0.5, 1 / 3, 0.2, 1 / 7, 1 / 11], [0.25, 2 / 3, 0.4, 2 / 7, 2 / 11], [0.375, 2 / 9, 0.24, 6 / 7, 6 / 11], [0.875, 5 / 9, 0.44, 1 / 49, 7 / 11]]; // prettier-ignore
    points.forEach((point, i) => point.forEach((x, j) => expect(x).toBeCloseTo(expected[i]![j]!, 14)));
    expect(primes(10)).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
  });

  test("scrambled, every b points in a row have one in each b-th of the range, and keys differ", () => {
    const [one, other] = [haltonDimensions(3, [1, 2]), haltonDimensions(3, [1, 3])];
    one.forEach((dimension) => {
      const { base } = dimension;
      const cells = Array.from({ length: base }, (_, i) => Math.floor(base * haltonNumber(base * 4 + i, dimension))); // prettier-ignore
      expect(cells.toSorted((a, b) => a - b)).toEqual(Array.from({ length: base }, (_, i) => i));
    });
    const at = (dimensions: typeof one): number[] =>
      dimensions.map((dimension) => haltonNumber(5, dimension));
    expect(at(one)).not.toEqual(at(other));
  });
});

describe("the Gaussian process", () => {
  const x = Float64Array.of(0.1, 0.2, 0.4, 0.9, 0.7, 0.3, 0.95, 0.6, 0.5, 0.5);
  const y = Float64Array.of(-1.1, 0.4, 0.9, -0.6, 0.4);
  const h = Float64Array.of(0.3, 0.8, 1.2, 0.05).map(Math.log);

  test("evidence, prediction and expected improvement are those of NumPy by the formulas", () => {
    expect(logEvidence(x, y, h).value).toBeCloseTo(-6.125588631662035, 10);
    const { mean, deviation } = gaussianProcess(x, y, h).predict(Float64Array.of(0.3, 0.4));
    expect(mean).toBeCloseTo(-0.385702980281169, 8);
    expect(deviation).toBeCloseTo(0.5466101824922676, 8);
    expect(expectedImprovement({ mean, deviation }, -1.1)).toBeCloseTo(0.02452966379383556, 8);
  });

  test("the gradient of the evidence is that of central differences, and so is that of the posterior", () => {
    for (const of of [logEvidence, logPosterior]) {
      const { gradient } = of(x, y, h);
      h.forEach((_, i) => {
        const moved = (by: number): number =>
          of(
            x,
            y,
            h.map((one, j) => (j === i ? one + by : one)),
          ).value;
        expect(gradient[i]!).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
      });
    }
  });

  test("a fit does not end below where it began, and goes through what has no noise", () => {
    const fitted = fitHyperparameters(x, y, priorMode(2), 60);
    expect(logPosterior(x, y, fitted).value).toBeGreaterThan(logPosterior(x, y, priorMode(2)).value);
    const quiet = h.with(3, Math.log(1e-6));
    const process = gaussianProcess(x, y, quiet);
    y.forEach((value, i) => {
      const at = process.predict(x.subarray(2 * i, 2 * i + 2));
      expect(at.mean).toBeCloseTo(value, 6);
      expect(at.deviation).toBeLessThan(1e-4);
    });
  });

  test("expected improvement without doubt is the improvement", () => {
    expect(expectedImprovement({ mean: 1, deviation: 0 }, 3)).toBe(2);
    expect(expectedImprovement({ mean: 4, deviation: 0 }, 3)).toBe(0);
  });
});

describe("the way into a box", () => {
  /** pycma 4.4, docstring of BoxConstraintsLinQuadTransformation with `margin_width2`, its default: bounds [1, 2] and [1, 11]. */
  test("is pycma's in its own example", () => {
    const box = { low: Float64Array.of(1, 1, 1, 1, 1, 1), high: Float64Array.of(2, 11, 11, 11, 11, 11) };
    const y = intoBox(Float64Array.of(1.52, -2.2, -0.2, 2, 4, 10.4), box);
    [1.52, 4.1, 2.1, 2, 4, 10.4].forEach((expected, i) => expect(y[i]).toBeCloseTo(expected, 9));
  });

  test("is undone from every point of the box, bounds too, and never leaves it", () => {
    const box = { low: Float64Array.of(-3, 0, -Infinity), high: Float64Array.of(5, 0.01, 2) };
    for (const share of [0, 1e-9, 0.02, 0.5, 0.97, 1]) {
      const y = Float64Array.of(-3 + 8 * share, 0.01 * share, 2 - 40 * share);
      intoBox(outOfBox(y, box), box).forEach((one, j) => expect(one).toBeCloseTo(y[j]!, 12));
    }
    for (let k = -60; k < 60; k++) {
      const y = intoBox(Float64Array.of(k * 1.7, k * 0.013, k * 3.1), box);
      y.forEach((one, j) => expect(one >= box.low[j]! && one <= box.high[j]!).toBe(true));
    }
  });
});

test("the root of a matrix times itself is the matrix, and its inverse inverts it", () => {
  const c = Float64Array.of(2, 0.5, -0.3, 0.5, 1, 0.2, -0.3, 0.2, 0.7);
  const { root, inverse, least, most } = symmetricRoot(c, 3);
  timesMatrix(root, root, 3).forEach((x, i) => expect(x).toBeCloseTo(c[i]!, 13));
  timesMatrix(root, inverse, 3).forEach((x, i) => expect(x).toBeCloseTo(i % 4 === 0 ? 1 : 0, 13));
  // A singular matrix has a condition of 1e14.
  expect(least).toBeLessThan(most);
  const singular = symmetricRoot(Float64Array.of(1, 1, 1, 1), 2);
  expect(singular.most / singular.least).toBeCloseTo(1e7, -1);
});

test("the exponential of a symmetric matrix: exp of [[0, t], [t, 0]] is [[cosh t, sinh t], [sinh t, cosh t]]", () => {
  const [c, s] = [Math.cosh(0.7), Math.sinh(0.7)];
  matrixExponential(Float64Array.of(0, 0.7, 0.7, 0), 2).forEach((x, i) =>
    expect(x).toBeCloseTo([c, s, s, c][i]!, 13),
  );
});

test("ranks: ties keep their order and share what their places are worth, and what has failed is last", () => {
  expect(ranking([2, Infinity, 1, 2, Infinity])).toEqual([2, 0, 3, 1, 4]);
  expect([...centredRanks([3, 1, 2])]).toEqual([-0.5, 0.5, 0]);
  expect([...centredRanks([7])]).toEqual([0]);
  expect([...centredRanks([2, Infinity, 1, 2, Infinity])]).toEqual([0.125, -0.375, 0.5, 0.125, -0.375]);
  expect([...centredRanks([3, 3, 3])]).toEqual([0, 0, 0]);
});

test("the inverse from Cholesky's factor, by hand: [[4, 2], [2, 10]] has [[10, -2], [-2, 4]] / 36", () => {
  const inverse = choleskyInverse(choleskyFactor(Float64Array.of(4, 0, 2, 10), 2), 2);
  expect(inverse[0]).toBeCloseTo(10 / 36, 15);
  expect(inverse[2]).toBeCloseTo(-2 / 36, 15);
  expect(inverse[3]).toBeCloseTo(4 / 36, 15);
  // Five numbers: A A⁻¹ = 1.
  const [n, a] = [
    5,
    Float64Array.from({ length: 25 }, (_, at) => Math.exp(-(((at % 5) - Math.floor(at / 5)) ** 2) / 4)),
  ];
  const lower = choleskyInverse(choleskyFactor(a, n), n);
  const full = (i: number, j: number): number => lower[Math.max(i, j) * n + Math.min(i, j)]!;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * full(k, j);
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 11);
    }
  }
});
