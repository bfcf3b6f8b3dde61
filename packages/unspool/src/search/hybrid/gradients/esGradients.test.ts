/** Card values are of maximised f; losses are -f, and gradients have the other sign. */
import { describe, expect, test } from "vitest";
import { random, randomStream } from "../../../array/index.ts";
import { ensembles } from "../ensembles/registry.ts";
import { antithetic } from "./antithetic.ts";
import { ars } from "./ars.ts";
import type { EsGradient, Evaluations } from "./esGradient.ts";
import { forward } from "./forward.ts";
import { esGradients } from "./registry.ts";
import { lasso, lp, ridge } from "./regression.ts";

const ascent = (gradient: EsGradient, evaluations: Evaluations): number[] =>
  Array.from(gradient.estimate(gradient.init(evaluations.size), evaluations).gradient, (x) => -x);

const close = (found: ArrayLike<number>, wanted: readonly number[], digits: number): void =>
  wanted.forEach((x, i) => expect(found[i]).toBeCloseTo(x, digits));

/** From perturbations p = sigma g and values f. */
function evaluations(
  sigma: number,
  p: readonly number[][],
  plus: readonly number[],
  minus: readonly number[] = [],
  current?: number,
): Evaluations {
  return {
    directions: Float64Array.from(p.flat(), (x) => x / sigma),
    size: p[0]!.length,
    sigma,
    plus: Float64Array.from(plus, (f) => -f),
    minus: Float64Array.from(minus, (f) => -f),
    current: current === undefined ? undefined : -current,
  };
}

describe("oracles: the authors' Monte-Carlo optimizer and ARS, computed in NumPy", () => {
  // prettier-ignore
  const pairs = evaluations(0.1, [[0.1, -0.2, 0.05], [0.02, 0.1, -0.15]], [1, -0.4], [0.2, 0.6], 0.3);

  test("antithetic, raw and normalised", () => {
    close(ascent(antithetic({ normalizeValues: false }), pairs), [1.5, -6.5, 4.75], 12);
    close(ascent(antithetic(), pairs), [3.23950659593, -14.037861915697, 10.258437553779], 11);
  });

  test("antithetic of the top pair, raw and normalised", () => {
    close(ascent(antithetic({ topK: 1, normalizeValues: false }), pairs), [-2, -10, 15], 12);
    close(ascent(antithetic({ topK: 1 }), pairs), [-4.319342127907, -21.596710639534, 32.395065959301], 11);
  });

  test("forward, raw, and normalised over the two best", () => {
    // prettier-ignore
    const one = evaluations(0.1, [[0.1, -0.2, 0.05], [0.02, 0.1, -0.15], [-0.07, 0.03, 0.2]], [1, -0.4, 0.5], [], 0.3);
    close(ascent(forward({ normalizeValues: false }), one), [1.4, -6.8, 6], 12);
    close(ascent(forward({ topK: 2 }), one), [5.572208265176, -13.333498348814, 7.462778926575], 11);
  });

  test("ars: all, and the best by either rule", () => {
    // prettier-ignore
    const three = evaluations(1, [[1, -2, 0.5], [0.2, 1, -1.5], [-0.3, 0.4, 1.1]], [1, -0.4, 2], [0.2, 0.6, 1.9]);
    close(ascent(ars(), three), [0.219678054952, -0.986624246804, 0.77465419378], 11);
    close(ascent(ars({ topK: 2 }), three), [0.52544121933, -1.064530262539, 0.348019508907], 11);
    close(
      ascent(ars({ topK: 2, sortBy: "diff" }), three),
      [0.580041893427, -2.513514871519, 1.836799329187],
      11,
    );
    close(ascent(ars({ topK: 1 }), three), [-0.6, 0.8, 2.2], 11);
  });
});

/** Pairs around a linear loss b · theta. */
function linear(
  b: readonly number[],
  n: number,
  ensemble: "gaussian" | "orthogonal",
  seed: number,
): Evaluations {
  const size = b.length;
  const directions = ensembles.create(ensemble, randomStream(random.key(seed).data), n, size);
  const sigma = 0.1;
  const along = Float64Array.from({ length: n }, (_, i) =>
    b.reduce((sum, x, j) => sum + sigma * x * directions[i * size + j]!, 0),
  );
  return { directions, size, sigma, plus: along.map((x) => 3 + x), minus: along.map((x) => 3 - x) };
}

const slope = [1, -2, 0.5, 4, -0.25, 0, 3, 1.5];
const raw = { normalizeValues: false };

test("claim 6: with d orthogonal pairs the gradient of a linear function is exact, with independent ones it is not", () => {
  const estimate = (ensemble: "gaussian" | "orthogonal", seed: number) => {
    const evaluated = linear(slope, slope.length, ensemble, seed);
    return antithetic(raw).estimate({}, evaluated).gradient;
  };
  for (let seed = 0; seed < 5; seed++) {
    close(estimate("orthogonal", seed), slope, 11);
    const found = estimate("gaussian", seed);
    expect(Math.max(...slope.map((x, i) => Math.abs(x - found[i]!)))).toBeGreaterThan(0.1);
  }
});

test("claim 5: the ES step gains what its closed form says, n / (n + d + 1)", () => {
  // On |theta|² / 2 from |theta| = 1, n = 75 pairs (150 evaluations): .872, .426, .0697 for d = 10, 100, 1000.
  const wanted: Record<number, number> = { 10: 0.872, 100: 0.426, 1000: 0.0697 };
  for (const [d, gain] of Object.entries(wanted)) {
    const [size, n] = [Number(d), 75];
    expect(n / (n + size + 1)).toBeCloseTo(gain, 3);
  }
  // Its derivation: with g = mean of (theta · g_i) g_i and the best step, 1 - E|theta - s g|² = E[theta · g]² / E|g|².
  const [size, n, draws] = [10, 75, 400];
  const theta = Array.from({ length: size }, (_, i) => (i === 0 ? 1 : 0));
  let [along, square] = [0, 0];
  for (let seed = 0; seed < draws; seed++) {
    const { gradient } = antithetic(raw).estimate({}, linear(theta, n, "gaussian", seed));
    along += gradient[0]! / draws;
    square += gradient.reduce((sum, x) => sum + x * x, 0) / draws;
  }
  expect(Math.abs(along ** 2 / square - 0.872)).toBeLessThan(0.02);
});

describe("regression", () => {
  test("ridge is (AᵀA + r I)⁻¹ Aᵀ b, with fewer and with more rows than columns", () => {
    // NumPy: numpy.linalg.solve(A.T @ A + 0.01 * I, A.T @ b), A and b as below.
    // prettier-ignore
    const tall = evaluations(1, [[1, 2], [0.5, -1], [-1, 0.3]], [-2, -0.5, 0.2], [0, 0.5, 0.6]);
    // prettier-ignore
    const wide = evaluations(1, [[1, 2, 0.5], [0.5, -1, 2]], [-2, -0.5], [0, 0.5]);
    close(
      ascent(ridge(raw), tall).map((x) => -x),
      [0.34533016061867944, 0.2246281975014872],
      12,
    );
    close(
      ascent(ridge(raw), wide).map((x) => -x),
      [0.2580459267040065, 0.2877713585434206, 0.3288033963585471],
      12,
    );
  });

  test("lasso: the conditions of its optimum hold, and it is sparse", () => {
    const evaluated = linear([5, 0, 0, 0, -3, 0, 0, 0, 0, 0], 40, "gaussian", 3);
    const regularizer = 0.05;
    const { gradient } = lasso({ ...raw, regularizer }).estimate({}, evaluated);
    const { directions, size, sigma, plus, minus } = evaluated;
    const rest = plus.map(
      (f, i) =>
        gradient.reduce((sum, x, j) => sum + sigma * x * directions[i * size + j]!, 0) - (f - minus[i]!) / 2,
    );
    gradient.forEach((x, j) => {
      const slopeOfSquares = 2 * rest.reduce((sum, r, i) => sum + r * sigma * directions[i * size + j]!, 0);
      if (x === 0) expect(Math.abs(slopeOfSquares)).toBeLessThanOrEqual(regularizer + 1e-9);
      else expect(slopeOfSquares).toBeCloseTo(-Math.sign(x) * regularizer, 8);
    });
    expect(gradient.filter((x) => x === 0).length).toBeGreaterThanOrEqual(7);
  });

  test("lp is exact where a fifth of the losses is wrong; least squares is not", () => {
    const evaluated = linear(slope, 40, "gaussian", 4);
    const plus = evaluated.plus.map((f, i) => (i % 5 === 0 ? f + 10 : f));
    close(lp(raw).estimate({}, { ...evaluated, plus }).gradient, slope, 8);
    const { gradient } = ridge(raw).estimate({}, { ...evaluated, plus });
    expect(Math.max(...slope.map((x, i) => Math.abs(x - gradient[i]!)))).toBeGreaterThan(1);
  });

  test("lp with fewer rows than columns goes through all of them by the shortest slope", () => {
    const evaluated = linear(slope, 5, "gaussian", 5);
    const { gradient } = lp(raw).estimate({}, evaluated);
    const { directions, size, sigma, plus, minus } = evaluated;
    plus.forEach((f, i) => {
      const predicted = gradient.reduce((sum, x, j) => sum + sigma * x * directions[i * size + j]!, 0);
      expect(predicted).toBeCloseTo((f - minus[i]!) / 2, 8);
    });
    expect(Math.hypot(...gradient)).toBeLessThan(Math.hypot(...slope));
  });
});

test("losses without spread give no gradient, of any estimator", () => {
  for (const { create, isPaired } of esGradients.entries) {
    const gradient = create({ warmUp: 1 });
    const size = 3;
    const directions = ensembles.create("gaussian", randomStream(random.key(0).data), 4, size);
    const plus = new Float64Array(4).fill(2);
    const evaluated = {
      directions,
      size,
      sigma: 0.1,
      plus,
      minus: isPaired ? plus : new Float64Array(0),
      current: 2,
    };
    expect([...gradient.estimate(gradient.init(size), evaluated).gradient].map(Math.abs)).toEqual([0, 0, 0]);
  }
});
