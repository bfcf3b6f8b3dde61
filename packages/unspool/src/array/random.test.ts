/** Random keys against published values, and draws against their distributions (fixed seeds). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, jit, jvp, np, random, vmap } from "./index.ts";
import { erf } from "./testing/networks.ts";
import { threefry2x32 } from "./threefry.ts";

describe("published values", () => {
  // Random123 1.14, tests/kat_vectors, threefry2x32 with 20 rounds: counter, key, result.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])("threefry2x32-20 of counter %j and key %j is Random123's", (counter, key, wanted) => {
    expect(threefry2x32(key[0]!, key[1]!, counter[0]!, counter[1]!)).toEqual(wanted);
  });

  test("split and bits of key(0) are JAX's with jax_threefry_partitionable", () => {
    // jax.random.split(jax.random.key(0)), JAX documentation; the first row is also the first vector above.
    const keys = random.split(random.key(0), 3);
    expect(keys.slice([0, 2]).toArray()).toEqual([[1797259609, 2579123966], [928981903, 3453687069]]); // prettier-ignore
    // 32-bit words are the two words of a block, combined by exclusive or (jax/_src/prng.py).
    const words = [0, 1, 2].map((i) => threefry2x32(0, 0, 0, i));
    expect(random.bits(random.key(0), [3]).toArray()).toEqual(words.map(([a, b]) => (a ^ b) >>> 0));
    expect(keys.toArray()).toEqual(words);
  });
});

test("concrete foldIn, traced foldIn, foldIn of a tensor and split agree bit by bit", () => {
  const traced = jit((key: Tensor, by: Tensor) => random.foldIn(key, by));
  const mapped = vmap((by: Tensor) => random.foldIn(random.key(5), by));
  const check = (seed: number, by: number) => {
    const key = random.key(seed);
    const wanted = random.foldIn(key, by).toArray();
    const word = np.array(by, { dtype: "uint32" });
    expect(random.foldIn(key, word).toArray()).toEqual(wanted);
    expect(traced(key, word).toArray()).toEqual(wanted);
    if (by < 20) expect(random.split(key, 20).slice(by).toArray()).toEqual(wanted);
    expect(mapped(word.reshape([1])).toArray()).toEqual([random.foldIn(random.key(5), by).toArray()]);
  };
  const word = fc.oneof(fc.integer({ min: 0, max: 19 }), fc.integer({ min: 0, max: 0xffffffff }));
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), word, check), { numRuns: 60, seed: 1 });
});

test("names and numbers are checked, and make distinct streams", () => {
  const key = random.key(3);
  const names = ["noise", "data", "task", "init", "a", "b", "ab", "ba", ""];
  const streams = names.map((name) => random.foldIn(key, name));
  expect(new Set(streams.map((stream) => String(stream.data))).size).toBe(names.length);
  expect(() => random.key(-1)).toThrow("random.key: seed must be an integer from 0 to 4294967295, got -1.");
  expect(() => random.foldIn(key, 1.5)).toThrow("random.foldIn: by must be a name, a tensor, or an integer");
  expect(() => random.normal(np.zeros([2]), [1])).toThrow(
    "random.normal: a key is uint32[2], got float32[2].",
  );
});

const count = 40_000;
const draw = (name: string, sample: (key: Tensor, shape: number[]) => Tensor) =>
  Array.from(sample(random.foldIn(random.key(2024), name), [count]).data);

/**
 * Largest distance of the empirical distribution function from `cdf`, times sqrt(count). Above 1.95 with probability
 * 0.001 if the draws are right; a shift of 0.03 standard deviations of normals gives 0.012 * 200 = 2.4 on average.
 */
function kolmogorovSmirnov(values: number[], cdf: (x: number) => number): number {
  const sorted = Float64Array.from(values).toSorted();
  const gaps = sorted.map((x, i) =>
    Math.max(Math.abs(cdf(x) - i / count), Math.abs(cdf(x) - (i + 1) / count)),
  );
  return Math.sqrt(count) * gaps.reduce((a, b) => Math.max(a, b));
}

/** (mean - wanted) in standard errors; the variance of the draws is known. */
const z = (values: number[], wanted: number, variance: number) =>
  (values.reduce((sum, x) => sum + x, 0) / values.length - wanted) / Math.sqrt(variance / values.length);

const normalCdf = (x: number) => (Math.abs(x) > 3.5 ? Number(x > 0) : 0.5 * (1 + erf(x / Math.SQRT2)));

test.each([
  // [name, draws, distribution function, mean, variance, fourth central moment]
  ["normal", random.normal, normalCdf, 0, 1, 3],
  ["uniform", random.uniform, (x: number) => x, 1 / 2, 1 / 12, 1 / 80],
  ["exponential", random.exponential, (x: number) => -Math.expm1(-x), 1, 1, 9],
  [
    "gumbel",
    random.gumbel,
    (x: number) => Math.exp(-Math.exp(-x)),
    0.5772156649015329,
    Math.PI ** 2 / 6,
    3 * (12 / 5 + 3) * (Math.PI ** 4 / 108),
  ],
] as const)("%s has its distribution, mean and variance", (name, sample, cdf, mean, variance, fourth) => {
  const values = draw(name, sample);
  expect(kolmogorovSmirnov(values, cdf)).toBeLessThan(1.95);
  expect(Math.abs(z(values, mean, variance))).toBeLessThan(4);
  const squares = values.map((x) => (x - mean) ** 2);
  expect(Math.abs(z(squares, variance, fourth - variance ** 2))).toBeLessThan(4);
});

test("discrete draws have their probabilities, and a permutation holds every number once", () => {
  const key = random.key(11);
  const share = (x: Tensor, wanted: number) => Math.abs(z(Array.from(x.data), wanted, wanted * (1 - wanted)));
  expect(share(random.bernoulli(key, 0.3, [count]), 0.3)).toBeLessThan(4);
  expect(share(random.rademacher(key, [count]).greater(0), 0.5)).toBeLessThan(4);
  expect(new Set(random.rademacher(key, [99], { dtype: "float64" }).data)).toEqual(new Set([-1, 1]));
  const dice = random.randint(key, [count], 1, 7);
  for (const face of [1, 2, 3, 4, 5, 6])
    expect(share(dice.equal(np.array(face, { dtype: "int32" })), 1 / 6)).toBeLessThan(4);
  // Softmax of (0, log 3, log 6) is (0.1, 0.3, 0.6).
  const logits = np.broadcastTo(np.array([0, Math.log(3), Math.log(6)]), [count, 3]) as Tensor;
  const classes = random.categorical(key, logits);
  for (const [i, p] of [0.1, 0.3, 0.6].entries())
    expect(share(classes.equal(np.array(i, { dtype: "int32" })), p)).toBeLessThan(4);
  expect(Array.from(random.permutation(key, 100).data).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i)); // prettier-ignore
});

test("streams by name and keys by number are uncorrelated", () => {
  const [a, b, c] = ["noise", "data", "noise2"].map((name) => draw(name, random.normal)) as [
    number[],
    number[],
    number[],
  ];
  for (const [x, y] of [
    [a, b],
    [a, c],
    [b, c],
    [a.slice(1), a],
  ] as const) {
    // prettier-ignore
    expect(Math.abs(z(x.map((value, i) => value * y[i]!), 0, 1))).toBeLessThan(4); // prettier-ignore
  }
});

test("float64 draws are the float32 draws, widened; ranges scale", () => {
  const key = random.key(8);
  expect(random.normal(key, [5], { dtype: "float64" }).toArray()).toEqual(random.normal(key, [5]).toArray());
  const scaled = random.uniform(key, [1000], { minval: -2, maxval: 6 });
  expect(Math.min(...scaled.data)).toBeGreaterThanOrEqual(-2);
  expect(Math.max(...scaled.data)).toBeLessThan(6);
});

test("normals by number are those of the stream", () => {
  const key = random.key(8);
  const stream = random.normal(key, [12]);
  const numbers = np.array(Uint32Array.of(11, 0, 7, 7));
  const picked = [11, 0, 7, 7].map((i) => stream.data[i]);
  expect(random.normalAt(key, numbers).toArray()).toEqual(picked);
  expect(jit(random.normalAt)(key, numbers).toArray()).toEqual(picked);
});

test("integers drawn from a key that a derivative passes through are those drawn without", () => {
  const key = random.key(3);
  const draw = (x: Tensor, from: Tensor): Tensor => random.randint(from, [], 0, 10).astype("float32").mul(x);
  const plain = draw(np.array(2), key).item();
  expect(
    jvp(
      draw,
      [np.array(2, { dtype: "float32" }), key],
      [np.ones([]), np.zeros([2], { dtype: "uint32" })],
    )[0].item(),
  ).toBe(plain);
});

test("every exposed name of random is tested here or beside its file", () => {
  const tested = ["key", "foldIn", "split", "normal", "normalAt", "uniform", "bits", "rademacher", "bernoulli", "randint", "permutation", "categorical", "exponential", "gumbel"]; // prettier-ignore
  // `derived/draws.test.ts`
  const elsewhere = ["beta", "binomial", "cauchy", "choice", "dirichlet", "gamma", "laplace", "multivariateNormal", "poisson", "truncatedNormal"]; // prettier-ignore
  expect(Object.keys(random).toSorted()).toEqual([...tested, ...elsewhere].toSorted());
});
