import { describe, expect, test } from "vitest";
import { type Key, type Tensor, grad, np, random, vmap } from "../../../array/index.ts";
import { compiled } from "../../../unroll/index.ts";
import { criterionOf, resamplingCriteria } from "./criteria.ts";
import { resamplerOf, resamplers } from "./resamplers.ts";
import { stratified } from "./stratified.ts";

const shares = [0.05, 0, 0.4, 0.25, 0.3];
const logWeights = np.array(shares.map((share) => Math.log(share) + 7));
const count = 4000;

describe.each(resamplers.names)("%s", (name) => {
  const resampler = resamplers.create(name);
  const run = compiled(name, (w: Tensor, keys: Tensor) =>
    vmap((key: Key) => resampler.ancestors(key, w))(keys),
  );

  test("particles are drawn in the mean K times their share, and those without weight never", () => {
    const { data } = run(logWeights, random.split(random.key(1), count));
    const counts = shares.map((_, j) =>
      Array.from(
        { length: count },
        (_, i) => data.subarray(5 * i, 5 * i + 5).filter((a: number) => a === j).length,
      ),
    );
    counts.forEach((of, j) => {
      const mean = of.reduce((sum, n) => sum + n, 0) / count;
      // The variance of a count is at most that of a binomial number.
      const error = Math.sqrt((5 * shares[j]! * (1 - shares[j]!)) / count);
      expect(Math.abs(mean - 5 * shares[j]!)).toBeLessThanOrEqual(4 * error);
      // One point in each cell of length 1/K: a share that fills n cells is hit n times, and those at its ends at most.
      if (name !== "multinomial")
        for (const n of of) expect(Math.abs(n - 5 * shares[j]!)).toBeLessThan(name === "systematic" ? 1 : 2);
    });
  });

  test("weights that are all 0 give a particle, and no NaN", () => {
    const dead = np.full([5], -Infinity);
    expect([...resampler.ancestors(random.key(0), dead).data]).toEqual([0, 0, 0, 0, 0]);
    const last = np.array([-Infinity, -Infinity, 0, -Infinity]);
    expect([...resampler.ancestors(random.key(0), last).data]).toEqual([2, 2, 2, 2]);
  });

  test("the registry says whether its draws have a score", () => {
    expect(resampler.logProbability !== undefined).toBe(resamplers.entry(name).hasScore);
  });
});

const all = (length: number, choices: number): number[][] =>
  length === 0
    ? [[]]
    : all(length - 1, choices).flatMap((rest) => Array.from({ length: choices }, (_, j) => [...rest, j]));

test.each(["multinomial", "stratified"] as const)("probabilities of all %s ancestors add up to 1", (name) => {
  const w = np.array([0.3, -0.4, 1.1], { dtype: "float64" });
  const probability = (ancestors: number[]): number =>
    Math.exp(resamplers.create(name).logProbability!(w, np.array(ancestors, { dtype: "int32" })).item());
  // Where a cell does not meet a particle's part the logarithm is not known, and 0 stands for it.
  const isPossible = (ancestors: number[]): boolean =>
    name === "multinomial" || ancestors.every((j, i) => meets(i, j));
  const cumulative = [0, ...w.data].map((_, j) =>
    [...w.data].slice(0, j).reduce((sum, x) => sum + Math.exp(x), 0),
  );
  const total = cumulative.at(-1)!;
  const meets = (i: number, j: number): boolean =>
    Math.min(cumulative[j + 1]! / total, (i + 1) / 3) - Math.max(cumulative[j]! / total, i / 3) > 1e-9;
  const sum = all(3, 3)
    .filter(isPossible)
    .reduce((all, ancestors) => all + probability(ancestors), 0);
  expect(sum).toBeCloseTo(1, 12);
});

test("the score of stratified ancestors is the derivative of their log-probability", () => {
  // Finite differences in float64.
  const w = (x: number): Tensor => np.array([0.2, x, 0.1], { dtype: "float64" });
  const chance = (x: number, j: number): number =>
    Math.exp(stratified().logProbability!(w(x), np.array([j, 2, 2], { dtype: "int32" })).item());
  const score = (j: number): number =>
    grad((v: Tensor) => stratified().logProbability!(v, np.array([j, 2, 2], { dtype: "int32" })))(w(0))
      .data[1]!;
  const slope = (j: number): number => (Math.log(chance(1e-6, j)) - Math.log(chance(-1e-6, j))) / 2e-6;
  for (const j of [0, 1]) expect(score(j)).toBeCloseTo(slope(j), 7);
});

test("the effective sample size decides", () => {
  const { decide } = criterionOf("test", "ess", {});
  const half = np.array([0, 0, -Infinity, -Infinity]);
  const t = np.array(0, { dtype: "int32" });
  expect((decide(half, t) as Tensor).item()).toBe(1);
  expect((criterionOf("test", "ess", { essFraction: 0.49 }).decide(half, t) as Tensor).item()).toBe(0);
  expect((decide(np.zeros([4]), t) as Tensor).item()).toBe(0);
  expect((decide(np.full([4], -Infinity), t) as Tensor).item()).toBe(1);
});

test("what is not known is refused", () => {
  expect(() => resamplerOf("test", "stratifed" as never)).toThrow(/Did you mean "stratified"/);
  expect(() => resamplerOf("test", {} as never)).toThrow(/resampler must be/);
  expect(() => criterionOf("test", "esss" as never, {})).toThrow(/Did you mean "ess"/);
  expect(() => criterionOf("test", "ess", { essFraction: 2 })).toThrow(/essFraction must be above 0/);
  expect(() => criterionOf("test", 3 as never, {})).toThrow(/criterion must be/);
  const wrong = criterionOf("test", (w) => w, {});
  expect(() => wrong.decide(np.zeros([2]), np.array(0))).toThrow(/bool scalar/);
  expect(resamplingCriteria.entry("ess").isAdaptive).toBe(true);
});
