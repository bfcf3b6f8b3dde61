/**
 * Tree-structured Parzen estimators. Densities are those of optuna 5.0.0 (`_ParzenEstimator` with the parameters of `TPESampler()`,
 * `multivariate` False; NumPy 2.4), recorded with the observations below.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, randomStream } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { parzenCategories, parzenNumbers } from "./parzenEstimator.ts";
import { createSearch } from "./registry.ts";
import { tpe, tpeRules } from "./tpe.ts";

const places = [-1, -0.3, 0.1, 0.55, 2];
const forty = Array.from({ length: 40 }, (_, i) => 1.5 * Math.sin(0.7 * i * i + 1.3 * i) * 0.9 + 0.5);

describe("densities are optuna's", () => {
  // prettier-ignore
  test.each([
    [[0.1], [-1.1654835492686828, -1.047179142021371, -1.0228642571926922, -1.0331297613373835, -1.3207440676312867]],
    [[0.5, -0.9, 0.1, 1.7, 0.12], [-1.3382068810481984, -0.894594157119486, -0.7489264285612378, -0.9236504643482526, -1.6620269332160302]],
    [forty, [-2.4112524166646097, -2.0097556302021493, -2.5865524214164717, -1.7976188700371147, -3.1005537284288227]],
    [forty.slice(0, 26), [-1.2997314244550717, -0.9927447907400146, -2.1718359139867287, -1.6935135407848259, -2.0008790659269318]],
    [forty.slice(0, 25), [-1.297825455796375, -0.9905552748457593, -2.0837073329224065, -1.366951978296412, -1.9502439655533301]],
  ])("of numbers %#", (observed, expected) => {
    const { logDensity } = parzenNumbers(observed, -1, 2);
    places.forEach((x, i) => expect(logDensity(x)).toBeCloseTo(expected[i]!, 11));
  });

  test.each([
    [[0, 2, 2, 1, 2], 4, [-1.4916548767777171, -1.4916548767777171, -0.8556661100577203, -2.079441541679836]],
    [
      Array.from({ length: 30 }, (_, i) => (i * i) % 3),
      3,
      [-1.137918754083159, -0.4471154553931975, -3.217761714113204],
    ],
  ])("of categories %#", (observed, count, expected) => {
    const { logDensity } = parzenCategories(observed, count);
    expected.forEach((value, category) => expect(logDensity(category)).toBeCloseTo(value, 12));
  });
});

describe("draws", () => {
  test("are of the density, and within the bounds: a share below x of 4000 is its integral", () => {
    const estimator = parzenNumbers([0.5, -0.9, 0.1, 1.7, 0.12], -1, 2);
    const stream = randomStream(random.key(3).data);
    const drawn = Array.from({ length: 4000 }, () => estimator.sample(stream));
    expect([Math.min(...drawn) >= -1, Math.max(...drawn) <= 2]).toEqual([true, true]);
    for (const x of [-0.5, 0.1, 1]) {
      const n = 3000;
      const width = (x + 1) / n;
      const share = Array.from({ length: n }, (_, i) =>
        Math.exp(estimator.logDensity(-1 + (i + 0.5) * width)),
      ).reduce((sum, density) => sum + density * width, 0);
      const found = drawn.filter((value) => value <= x).length / drawn.length;
      expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / drawn.length));
    }
  });

  test("of categories come as often as their probabilities say", () => {
    const estimator = parzenCategories([0, 2, 2, 1, 2], 4);
    const stream = randomStream(random.key(4).data);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[estimator.sample(stream)]!++;
    counts.forEach((count, category) => {
      const p = Math.exp(estimator.logDensity(category));
      expect(Math.abs(count / 4000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 4000));
    });
  });
});

test("the next candidate is near the best tenth and in its category, and a failed one is none of them", () => {
  const rules = tpeRules({ categories: [0, 3], population: 20, initial: 5 });
  const begun = rules.init({
    start: Float64Array.of(0.5, 0),
    box: { low: Float64Array.of(0, 0), high: Float64Array.of(1, 2) },
    stream: randomStream(random.key(0).data),
  });
  const grid = Float64Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? i / 120 : (i >> 1) % 3));
  const losses = Float64Array.from({ length: 60 }, (_, i) => {
    if (i < 10) return Infinity;
    return Math.abs(grid[2 * i]! - 0.7) + (i % 3 === 1 ? 0 : 1);
  });
  const told = rules.tell(begun, grid, losses).own;
  const { candidates } = rules.ask(told, randomStream(random.key(1).data));
  const rows = Array.from({ length: 20 }, (_, i) => [candidates[2 * i]!, candidates[2 * i + 1]!] as const);
  expect(rows.filter(([, category]) => category === 1).length).toBeGreaterThan(16);
  expect(rows.filter(([x]) => Math.abs(x - 0.7) < 0.25).length).toBeGreaterThan(16);
});

test("finds a narrow minimum in three numbers and a category sooner than random search", () => {
  const best = (name: string): number[] =>
    [0, 1, 2].map((seed) => {
      const search = createSearch<Tensor>(name, {
        population: 1,
        box: { low: 0, high: 1 },
        ...(name === "tpe" && { categories: [0, 0, 0, 2] }),
      });
      let state = search.init(np.array([0.5, 0.5, 0.5, 0]), random.key(seed));
      for (let i = 0; i < 80; i++) {
        const asked = search.ask(state, random.foldIn(random.key(seed), i));
        const [a, b, c, kind] = [...asked.candidates.data] as [number, number, number, number];
        const loss = (a - 0.2) ** 2 + (b - 0.8) ** 2 + (c - 0.4) ** 2 + (kind >= 0.5 ? 0 : 1);
        state = search.tell(asked.state, [loss]).state;
      }
      return (state as { bestLoss: number }).bestLoss;
    });
  const [model, none] = [best("tpe"), best("randomSearch")];
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value / 3, 0);
  expect(mean(model)).toBeLessThan(mean(none) / 2);
});

test("what it cannot use is refused", () => {
  expect(() => tpe({ categories: [1] })).toThrow(OptionError);
  expect(() => tpe({ initial: 0 })).toThrow("initial must be an integer of at least 1");
  const search = tpe<Tensor>({ categories: [2] });
  expect(() => search.init(np.array([0, 0]), random.key(0))).toThrow("a list of 2, one for each number");
});
