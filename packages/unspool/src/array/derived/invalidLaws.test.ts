/** Parameters of distributions that are none: errors where they are known, and draws that say so where they are not. */
import { describe, expect, test } from "vitest";
import { OptionError } from "../../errors.ts";
import { type Key, type Tensor, grad, jit, np, random, vmap } from "../index.ts";

const key = random.key(5);
const f32 = (...values: number[]): Tensor => np.array(values);

/** The draw, parameters without a law, and those that have one. */
type Case = [draw: (k: Key, x: Tensor) => Tensor, bad: number[], good: number[]];
const floats: Record<string, Case> = {
  gamma: [(k, x) => random.gamma(k, x), [-1, 0, NaN], [0.5, 3]],
  "beta of a": [(k, x) => random.beta(k, x, 2), [-1, 0, NaN], [0.5, 3]],
  "beta of b": [(k, x) => random.beta(k, 2, x), [-1, 0, NaN], [0.5, 3]],
  truncatedNormal: [(k, x) => random.truncatedNormal(k, x, 1), [1, 2, NaN], [-3, 0.9]],
};
const whole: Record<string, Case> = {
  "binomial of p": [(k, x) => random.binomial(k, 5, x), [-0.1, 1.5, NaN], [0, 0.3, 1]],
  "binomial of n": [(k, x) => random.binomial(k, x, 0.4), [-1, 2.5, NaN], [0, 7]],
  poisson: [(k, x) => random.poisson(k, x), [-1, NaN, Infinity], [0, 3, 50]],
};

describe.each([...Object.entries(floats), ...Object.entries(whole)])("%s", (name, [draw, bad, good]) => {
  const spoilt = name in floats ? NaN : -1;

  test("a parameter without a law, known only in a trace, gave plausible draws", () => {
    const values = Array.from(jit(draw)(key, f32(...bad, ...good)).data);
    expect(values.slice(0, bad.length)).toEqual(bad.map(() => spoilt));
    expect(values.slice(bad.length).every((x) => Number.isFinite(x) && x !== -1)).toBe(true);
    expect(Array.from(vmap((x: Tensor) => draw(key, x))(f32(...bad)).data)).toEqual(bad.map(() => spoilt));
  });

  test("where it is known it is refused", () => {
    for (const x of bad) expect(() => draw(key, f32(x))).toThrow(OptionError);
  });
});

test("dirichlet: a row with a parameter that is none is NaN, the others are not", () => {
  // prettier-ignore
  const alpha = np.array([[1, 2], [1, -2]]);
  const rows = jit((a: Tensor) => random.dirichlet(key, a))(alpha);
  expect(rows.slice(0).sum().item()).toBeCloseTo(1, 6);
  expect(Array.from(rows.slice(1).data)).toEqual([NaN, NaN]);
});

test("bernoulli(key, 1.5) was true and bernoulli(key, NaN) false", () => {
  for (const p of [1.5, -0.1, NaN]) {
    expect(() => random.bernoulli(key, p)).toThrow(OptionError);
    expect(() => random.bernoulli(key, f32(0.5, p), [2])).toThrow(/random\.bernoulli: p/);
  }
  expect(Array.from(random.bernoulli(key, 1, [3]).data)).toEqual([1, 1, 1]);
});

test("choice without replacement drew elements of probability 0 where p was known only in a trace", () => {
  const draw = (options: { replace: boolean }) => (p: Tensor) => [
    random.choice(key, 3, [2], { ...options, p }),
    random.choice(key, [0.5, 1.5, 2.5], [2], { ...options, p }),
  ];
  const values = (of: Tensor[]): number[][] => of.map((x) => Array.from(x.data));
  const distinct = jit(draw({ replace: false }));
  expect(values(distinct(f32(1, 0, 0)))).toEqual([[-1, -1], [NaN, NaN]]); // prettier-ignore
  expect(values(distinct(f32(1, 0, 1))).map((row) => row.toSorted())).toEqual([[0, 2], [0.5, 2.5]]); // prettier-ignore
  const repeated = jit(draw({ replace: true }));
  expect(values(repeated(f32(1, 0, 0)))).toEqual([[0, 0], [0.5, 0.5]]); // prettier-ignore
  for (const p of [f32(0, 0, 0), f32(1, NaN, 1), f32(1, -1, 1)])
    expect(values(repeated(p))).toEqual([[-1, -1], [NaN, NaN]]); // prettier-ignore
});

/** E[x - a | x > a] is 1 / R(a) - a with Mills' ratio R: a + 1/a - 2/a³ + … - a by its asymptotic series. */
const meanExcess = (a: number): number => 1 / a - 2 / a ** 3 + 10 / a ** 5 - 74 / a ** 7;

const draws = (low: Tensor, dtype: "float32" | "float64"): Tensor =>
  random.truncatedNormal(key, low, Infinity, [4000], { dtype });
const compiledExcess = jit((low: Tensor) => draws(low, "float32").sub(low).mean());
const slopeOfMean = jit(grad((low: Tensor) => draws(low, "float64").mean()));

test.each([13, 40, 1000])(
  "truncated normals of float32 above %d were all at the bound",
  { tags: ["long"] },
  (a) => {
    for (const dtype of ["float32", "float64"] as const) {
      const excess = draws(np.array(a, { dtype }), dtype).sub(a).mean().item();
      // Nearly exponential: the standard error of the mean is 1/64 of it; and float32 rounds x to 2^-24 of a.
      expect(Math.abs(excess / meanExcess(a) - 1)).toBeLessThan(
        dtype === "float32" && a === 1000 ? 0.1 : 0.07,
      );
      if (dtype === "float64") continue;
      const compiled = compiledExcess(np.array(a)).item();
      expect(Math.abs(compiled / excess - 1)).toBeLessThan(0.02);
    }
    const mirrored = random.truncatedNormal(key, -Infinity, -a, [4000]);
    expect(Math.max(...mirrored.data)).toBeLessThanOrEqual(-a);
    expect(new Set(mirrored.data).size).toBeGreaterThan(10);
    // d x / d a, averaged, is 1 + d meanExcess / d a.
    const slope = slopeOfMean(np.array(a, { dtype: "float64" }));
    const change = (meanExcess(a + 0.01) - meanExcess(a - 0.01)) / 0.02;
    expect(Math.abs((slope.item() - 1) / change - 1)).toBeLessThan(0.15);
  },
);

test("truncated normals are continuous where one formula takes over from the other", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const draws = [4.9999, 5.0001].map((a) => random.truncatedNormal(key, a, 7, [500], { dtype }));
    const gaps = Array.from(draws[1]!.sub(draws[0]!).data);
    // d x / d a is in (0, 1].
    expect(Math.max(...gaps)).toBeLessThan(0.00021 + (dtype === "float32" ? 2e-6 : 0));
    expect(Math.min(...gaps)).toBeGreaterThan(dtype === "float32" ? -2e-6 : 0);
  }
});
