/** Closed forms against the table of card 11, section 6, limits of 2.8, and claims 1 and 2 of section 5. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, jit, np, random } from "../array/index.ts";
import { lookahead, sgd } from "../optimizers/index.ts";
import { expectClose } from "../optimizers/testing.ts";
import { noisyQuadratic } from "./noisyQuadratic.ts";

test.each([
  // gamma, a, sigma2, alpha, k, V*_SGD, ratio, V*_LA, mean factor: card 11, section 6 (NumPy float64)
  [0.1, 1, 1, 0.5, 5, 0.0526315789474, 0.442972964692841, 0.0233143665627811, 0.795245],
  [0.5, 1, 1, 0.8, 5, 1 / 3, 0.673469387755102, 0.224489795918367, 0.225],
  [1, 1, 1, 0.5, 10, 1, 1 / 3, 1 / 3, 0.5],
  [1.5, 1, 2, 0.5, 5, 6, 0.326315789473684, 1.95789473684211, 0.484375],
  [1.9, 1, 1, 0.5, 5, 19, 0.169955717137509, 3.22915862561268, 0.204755],
  [0.01, 1, 1, 0.5, 5, 0.00502512562814, 0.493797763411067, 0.00248139579603551, 0.97549502495],
  [0.3, 2, 0.25, 0.2, 20, 0.107142857142857, 0.111111112197048, 0.0119047620211123, 0.800000002199023],
])("fixed points for lr %d, a %d, sigma2 %d, alpha %d, k %d", (learningRate, a, sigma2, alpha, k, ...row) => {
  const [sgdVariance, ratio, variance, factor] = row;
  const model = noisyQuadratic({ a, sigma2 });
  const window = { learningRate, alpha, k };
  // The card prints 12 to 15 digits.
  expectClose(model.sgdFixedPoint({ learningRate }).variance, [sgdVariance], 5e-13);
  expectClose(model.varianceRatio(window), [ratio], 1e-14);
  expectClose(model.lookaheadFixedPoint(window).variance, [variance], 1e-13);
  expectClose([model.lookaheadFixedPoint(window).risk], [(a * variance) / 2], 1e-13);
  expectClose(model.meanFactor(window), [factor], 1e-14);
  expectClose(model.ratePerStep(window), [factor ** (1 / k)], 1e-14);
});

test("variances within a window: card 11, section 6 (ten digits)", () => {
  const [inside] = noisyQuadratic({ a: 1 }).windowVariance({ learningRate: 0.5, alpha: 0.5, k: 5 });
  const expected = [0.1134020619, 0.2783505155, 0.3195876289, 0.3298969072, 0.3324742268, 0.3331185567];
  expectClose(inside, expected, 5e-11);
});

test("limits of section 2.8", () => {
  const model = noisyQuadratic({ a: 1 });
  const ratio = (learningRate: number, alpha: number, k: number) =>
    model.varianceRatio({ learningRate, alpha, k })[0]!;
  for (const k of [1, 5, 10]) expectClose([ratio(1, 0.5, k)], [1 / 3], 1e-14);
  expectClose([ratio(0.5, 0.5, 1)], [3 / 7], 1e-14); // .4285714286
  expectClose([ratio(0.5, 0.8, 200)], [0.8 / 1.2], 1e-14); // k → ∞
  expectClose([ratio(1e-9, 0.3, 5)], [0.3], 1e-8); // lr → 0
});

test("k = 1 is SGD with learning rate alpha · lr (property)", () => {
  const unit = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 1.9, noNaN: true }), unit, (learningRate, alpha) => {
      const model = noisyQuadratic({ a: 1, sigma2: 2 });
      const { variance } = model.lookaheadFixedPoint({ learningRate, alpha, k: 1 });
      expectClose(variance, model.sgdFixedPoint({ learningRate: alpha * learningRate }).variance);
    }),
    { seed: 11 },
  );
});

test("Lookahead's variance is below SGD's for every alpha < 1 and stable lr (Proposition 2, property)", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1.99, noNaN: true }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      fc.integer({ min: 1, max: 30 }),
      (learningRate, alpha, k) => {
        const model = noisyQuadratic({ a: 1 });
        const [slow] = model.lookaheadFixedPoint({ learningRate, alpha, k }).variance;
        const [plain] = model.sgdFixedPoint({ learningRate }).variance;
        expect(slow).toBeLessThan(plain!);
        expectClose([slow! / plain!], model.varianceRatio({ learningRate, alpha, k }), 1e-10);
      },
    ),
    { seed: 11 },
  );
});

test("stability edge for k = 5, alpha = 0.5: section 6", () => {
  const model = noisyQuadratic({ a: 1 });
  const factor = (learningRate: number) => Math.abs(model.meanFactor({ learningRate, alpha: 0.5, k: 5 })[0]!);
  expectClose([factor(2.2), factor(2.3)], [0.74416, 1.356465], 1e-12);
  const isStable = (learningRate: number) => model.isStable({ learningRate, alpha: 0.5, k: 5 });
  expect([isStable(2.2), isStable(2.2456), isStable(2.2458), isStable(2.3)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(model.isStable({ learningRate: 2.2 })).toBe(false);
  expect(model.sgdFixedPoint({ learningRate: 2.2 }).risk).toBe(Infinity);
});

test("the loss curve runs into the fixed point, at slow and at fast weights", () => {
  const model = noisyQuadratic({ a: [1, 0.3], sigma2: [1, 2] });
  const window = { learningRate: 0.7, alpha: 0.4, k: 3 };
  const { fast, slow } = model.expectedLossCurve({ ...window, steps: 300, mean: [2, -1], variance: 0.5 });
  expect(slow[0]).toBeCloseTo(0.5 * (4.5 + 0.3 * 1.5), 12);
  expectClose([slow[300]!], [model.lookaheadFixedPoint(window).risk]);
  const [first, second] = model.windowVariance(window);
  expectClose([fast[299]!], [0.5 * (first![2]! + 0.3 * second![2]!)]);
  expect(slow[299]).toBe(slow[297]);
});

describe("claim 2 of section 5: d = 100, a = 1/i, sigma2 = i, start 3, T = 500", () => {
  const a = Array.from({ length: 100 }, (_, i) => 1 / (i + 1));
  const model = noisyQuadratic({ a, sigma2: a.map((x) => 1 / x) });
  const rates = Array.from({ length: 99 }, (_, i) => 0.02 + (1.96 * i) / 98);
  const final = (learningRate: number, alpha = 1, k = 1): number =>
    model.expectedLossCurve({ learningRate, alpha, k, steps: 500, mean: 3 }).slow[500]!;
  const best = (alpha: number, k: number): [loss: number, rate: number, alpha: number] =>
    rates
      .map((rate) => [final(rate, alpha, k), rate, alpha] as [number, number, number])
      .sort((x, y) => x[0] - y[0])[0]!;

  test("the best Lookahead is at least 5 % below the best SGD", { tags: ["long"] }, () => {
    const plain = best(1, 1);
    const slow = [0.1, 0.2, 0.3, 0.5, 0.8, 1].map((alpha) => best(alpha, 5)).sort((x, y) => x[0] - y[0])[0]!;
    // Printed to four digits in the card.
    expect(plain[0]).toBeCloseTo(0.4504, 4);
    expect(plain[1]).toBeCloseTo(0.26, 10);
    expect(slow[0]).toBeCloseTo(0.4159, 4);
    expect(slow[1]).toBeCloseTo(0.86, 10);
    expect(slow[2]).toBe(0.3);
    expect(slow[0]).toBeLessThan(0.95 * plain[0]);
  });

  test("with matched steady state it is faster: lr 0.43809 for risk 0.26820", () => {
    const { risk } = model.sgdFixedPoint({ learningRate: 0.2 });
    expect(risk).toBeCloseTo(0.2682, 5);
    let [low, high] = [0.2, 1];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      const isLower = model.lookaheadFixedPoint({ learningRate: middle, alpha: 0.5, k: 5 }).risk < risk;
      if (isLower) low = middle;
      else high = middle;
    }
    expect(low).toBeCloseTo(0.43809, 5);
    expect(final(low, 0.5, 5)).toBeCloseTo(0.4406, 4);
    expect(final(0.2)).toBeCloseTo(0.4879, 4);
  });
});

describe("claim 1 of section 5: variance of the slow weights of the optimizer itself", () => {
  test.each([
    [0.5, 1, 1, 0.8, 5, 0.22449],
    [1.5, 1, 2, 0.5, 5, 1.95789],
  ])("lr %d, a %d, sigma2 %d, alpha %d, k %d", (learningRate, a, sigma2, alpha, k, expected) => {
    const [chains, warmUp, recorded] = [4000, 10, 40];
    const optimizer = lookahead(sgd({ learningRate }), { k, alpha });
    // One inner step of all chains: gradient a (x - c) with c ~ N(0, sigma2).
    const step = jit((theta: Tensor, state: Tree, key: Tensor) => {
      const minima = random.normal(key, [chains]).mul(Math.sqrt(sigma2));
      return optimizer.update(theta.sub(minima).mul(a), state as never, theta);
    });
    let theta: Tensor = np.zeros([chains]);
    let state: Tree = optimizer.init(theta);
    let [sum, seen] = [0, 0];
    const key = random.key(1907);
    for (let t = 1; t <= (warmUp + recorded) * k; t++) {
      ({ theta, state } = step(theta, state, random.foldIn(key, t)));
      if (t % k !== 0 || t <= warmUp * k) continue;
      for (const x of theta.data) sum += x * x;
      seen += chains;
    }
    // The mean is 0 from the start. Standard error at most 0.5 % for these autocorrelations: card's margin is 3 %.
    expect(Math.abs(sum / seen / expected - 1)).toBeLessThan(0.03);
  });
});

test.each([
  [() => noisyQuadratic({ a: 0 }), "noisyQuadratic: a must be a finite number above 0, got 0."],
  [
    () => noisyQuadratic({ a: [1, 2], sigma2: [1] }),
    "sigma2 must be a number or 2 numbers, one per coordinate, got [1].",
  ],
  [
    () => noisyQuadratic({ a: 1 }).meanFactor({ learningRate: 1, k: 0 }),
    "k must be an integer of at least 1, got 0.",
  ],
  [
    () => noisyQuadratic({ a: 1 }).sgdFixedPoint({ learningRate: -1 }),
    "learningRate must be a finite number above 0, got -1.",
  ],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});
