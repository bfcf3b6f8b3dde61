/** NaN rules, digits and sums against NumPy 1.24.2 (its calls in the comments) and against float64. */
import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../errors.ts";
import { compileFunction } from "../engine/index.ts";
import { type Tensor, grad, jit, lax, linalg, nn, np, random } from "./index.ts";

const withNaN = np.array([1, NaN, 3, NaN]);
/** Eagerly, by jax-js's compiler and by the engine. */
const three = (f: (x: Tensor) => Tensor, x: Tensor) =>
  [f(x), jit(f)(x), compileFunction("f", (y: Tensor) => [f(y)], [x])(x)[0]!].map((y) => y.toArray());
const thrice = (value: unknown) => [value, value, value];

describe("NaN", () => {
  test.each<[string, (x: Tensor) => Tensor, unknown]>([
    ["np.argmax is the first NaN: 1", (x) => np.argmax(x), 1],
    ["np.argmin is the first NaN: 1", (x) => np.argmin(x), 1],
    ["np.max is NaN", (x) => np.max(x), NaN],
    ["np.min is NaN", (x) => np.min(x), NaN],
    ["np.maximum keeps it", (x) => np.maximum(x, 2) as Tensor, [2, NaN, 3, NaN]],
    ["np.minimum keeps it", (x) => np.minimum(x, 2) as Tensor, [1, NaN, 2, NaN]],
    ["np.clip keeps it", (x) => np.clip(x, 0, 2), [1, NaN, 2, NaN]],
    ["np.sort puts it last", (x) => np.sort(x), [1, 3, NaN, NaN]],
    ["np.heaviside keeps it", (x) => np.heaviside(x, 1) as Tensor, [1, NaN, 1, NaN]],
    ["nn.relu keeps it", (x) => nn.relu(x), [1, NaN, 3, NaN]],
    ["nn.hardTanh keeps it", (x) => nn.hardTanh(x), [1, NaN, 1, NaN]],
    ["nn.leakyRelu keeps it", (x) => nn.leakyRelu(x), [1, NaN, 3, NaN]],
  ])("%s, eagerly and compiled", (_name, f, wanted) => expect(three(f, withNaN)).toEqual(thrice(wanted)));

  test("random.categorical names an element that is there", () => {
    expect(random.categorical(random.key(0), np.array([0, NaN, 0])).item()).toBe(1);
  });
  test("np.argmax of nothing is a typed error", () => {
    expect(() => np.argmax(np.zeros([0]))).toThrow(ShapeError);
  });
});

test("np.clip with low above high is high", () => {
  // np.clip(np.float32([1, 5]), 4, 2): [2, 2]
  expect(three((x) => np.clip(x, 4, 2), np.array([1, 5]))).toEqual(thrice([2, 2]));
  expect(np.clip(np.array([1, 5]), null as never, 2).toArray()).toEqual([1, 2]);
});

test("erf and erfc at infinity and NaN", () => {
  const x = np.array([Infinity, -Infinity, NaN, 0]);
  expect(three((y) => lax.erf(y) as Tensor, x)).toEqual(thrice([1, -1, NaN, 0]));
  expect(three((y) => lax.erfc(y) as Tensor, x)).toEqual(thrice([0, 2, NaN, 1]));
});

describe("float32 functions are within 4 ulps of float64's", () => {
  test.each<[keyof typeof np & keyof Math, number, number]>([
    ["asin", -1, 1],
    ["acos", -1, 1],
    ["atan", -30, 30],
    ["tan", -20, 20],
    ["acosh", 1, 1.01],
    ["acosh", 1, 30],
  ])("%s from %d to %d", (name, low, high) => {
    const x = np.array(Float32Array.from({ length: 4001 }, (_, i) => low + ((high - low) * i) / 4000));
    const f = np[name] as unknown as (y: Tensor) => Tensor;
    for (const y of [f(x), compileFunction(name, (z: Tensor) => [f(z)], [x])(x)[0]!]) {
      const wrong = Array.from(x.data).filter((one, i) => {
        const wanted = (Math[name] as (z: number) => number)(one);
        return !(Math.abs(y.data[i]! - wanted) <= 4 * 2 ** -23 * Math.abs(wanted));
      });
      expect(wrong.slice(0, 5)).toEqual([]);
    }
  });
  test("derivatives of the arc functions and the tangent", () => {
    const at = (f: (x: Tensor) => Tensor) => grad(f)(np.array(0.25)).item();
    expect(at(np.asin as never)).toBeCloseTo(1 / Math.sqrt(1 - 0.0625), 5);
    expect(at(np.acos as never)).toBeCloseTo(-1 / Math.sqrt(1 - 0.0625), 5);
    expect(at(np.atan as never)).toBeCloseTo(1 / 1.0625, 5);
    expect(at(np.tan as never)).toBeCloseTo(1 + Math.tan(0.25) ** 2, 5);
  });
});

test("remainders of floats are exact, also of quotients beyond 2^24 and divisors without end", () => {
  const x = np.array([5.3, -5.3, 1e10, -7, 7, 1e30]);
  const y = np.array([2.1, 2.1, 3, Infinity, Infinity, 7]);
  // np.fmod(np.float32([...]), np.float32([...])) and np.remainder; JavaScript's % is C's fmod.
  const fmod = Array.from(x.data, (a, i) => Math.fround(a % y.data[i]!));
  const remainder = fmod.map((r, i) => (r < 0 ? Math.fround(r + y.data[i]!) : r));
  for (const run of [
    (f: (a: Tensor, b: Tensor) => Tensor) => f(x, y),
    (f: (a: Tensor, b: Tensor) => Tensor) => jit(f)(x, y),
  ]) {
    expect(run(np.fmod as never).toArray()).toEqual(fmod);
    expect(run(np.remainder as never).toArray()).toEqual(remainder);
  }
});

test("np.linalg.eigh of a tiny and of a huge matrix", () => {
  // [[2, 1], [1, 3]] has the eigenvalues (5 -+ sqrt 5) / 2.
  for (const scale of [1e-20, 1, 1e20]) {
    const [values] = linalg.eigh(np.array([[2, 1], [1, 3]]).mul(scale)) as unknown as [Tensor]; // prettier-ignore
    const wanted = [(5 - Math.sqrt(5)) / 2, (5 + Math.sqrt(5)) / 2];
    Array.from(values.data).forEach((value, i) => expect(value / scale / wanted[i]!).toBeCloseTo(1, 5));
  }
});

describe("long sums of float32", () => {
  const size = 1_000_003;
  const x = np.array(Float32Array.from({ length: size }, (_, i) => 0.1 + (i % 7) / 100));
  const exact = Array.from(x.data).reduce((sum: number, one: number) => sum + one, 0);
  const within = (value: number, wanted: number) =>
    expect(Math.abs(value / wanted - 1)).toBeLessThan(2 ** -23);
  test("are rounded once, eagerly and compiled", () => {
    for (const value of three((y) => np.sum(y), x)) within(value as number, exact);
    for (const value of three((y) => np.mean(y), x)) within(value as number, exact / size);
  });
  test("along every axis, and inside a larger computation", () => {
    const y = x.slice([0, 3 * 4 * 5000]).reshape([3, 5000, 4]);
    const wanted = (axis: number[]) => y.astype("float64").sum(axis);
    for (const axis of [[0, 1], [1], [1, 2], [0, 1, 2]]) {
      const reference = Array.from(wanted(axis).data);
      for (const got of three((z) => z.mul(1).sum(axis), y)) {
        ([got].flat(3) as number[]).forEach((value, i) => within(value, reference[i]!));
      }
    }
  });
  test("variance of numbers far from 0", () => {
    const far = x.add(1000);
    const m = Array.from(far.data).reduce((s: number, one: number) => s + one, 0) / size;
    const wanted = Array.from(far.data).reduce((s: number, one: number) => s + (one - m) ** 2, 0) / size;
    for (const value of three((y) => np.var(y), far))
      expect(Math.abs((value as number) / wanted - 1)).toBeLessThan(1e-5);
  });
  test("have the gradient of a sum", () => {
    expect(new Set(grad((y: Tensor) => y.mul(2).sum())(x).data)).toEqual(new Set([2]));
  });
});

describe("ranges of random numbers", () => {
  test("random.uniform never returns its upper bound", () => {
    // The largest draw of 1 - 2^-23 rounds to 1001 in float32.
    const x = random.uniform(random.key(0), [100_000], { minval: 1000, maxval: 1000.001 });
    expect(Math.max(...new Set(x.data))).toBeLessThan(Math.fround(1000.001));
    expect(Math.min(...new Set(x.data))).toBeGreaterThanOrEqual(1000);
  });
  test.each([
    [1, 1],
    [2, 1],
    [0, NaN],
    [0, Infinity],
    [1, 1 + 1e-9],
    [-3e38, 3e38],
  ])("random.uniform from %d to %d is refused", (minval, maxval) => {
    expect(() => random.uniform(random.key(0), [2], { minval, maxval })).toThrow(OptionError);
  });
  test("random.randint over all of int32 and uint32 start from minval", () => {
    const key = random.key(3);
    const words = random.bits(key, [64]);
    const all = random.randint(key, [64], -(2 ** 31), 2 ** 31);
    expect(all.dtype).toBe("int32");
    expect(all.toArray()).toEqual(Array.from(words.data, (word) => word - 2 ** 31));
    expect(random.randint(key, [64], 0, 2 ** 32, { dtype: "uint32" }).toArray()).toEqual(words.toArray());
    const wide = random.randint(key, [64], -2e9, 2e9);
    expect(wide.toArray()).toEqual(Array.from(words.data, (word) => (word % 4e9) - 2e9));
  });
  test.each([
    [0, 2 ** 32],
    [-(2 ** 31) - 1, 0],
    [0, 1.5],
    [3, 3],
  ])("random.randint from %d to %d is refused", (low, high) => {
    expect(() => random.randint(random.key(0), [2], low, high)).toThrow(OptionError);
  });
});

test("0 times infinity and NaN is NaN, and 0 / 0, whoever knows the 0", () => {
  const x = np.array([Infinity, NaN, -2]);
  const isNan = (y: Tensor): boolean[] => Array.from(y.data, Number.isNaN);
  const byZeros = (y: Tensor): Tensor => y.mul(np.zeros([3]));
  const byNumber = (y: Tensor): Tensor => y.mul(0);
  const byScalar = (y: Tensor): Tensor => np.multiply(np.array(0, { dtype: "float32" }), y) as Tensor;
  for (const f of [byZeros, byNumber, byScalar]) {
    expect(isNan(f(x))).toEqual([true, true, false]);
  }
  expect(isNan(jit(byNumber)(x))).toEqual([true, true, false]);
  expect(isNan(np.zeros([2]).div(np.array([0, 1])))).toEqual([true, false]);
  // Operands of equal elements go through routines and views as others do.
  expect(np.sort(np.zeros([4])).toArray()).toEqual([0, 0, 0, 0]);
  expect(np.ones([3]).reshape([3, 1]).toArray()).toEqual([[1], [1], [1]]);
  expect(np.ones([2]).transpose().toArray()).toEqual([1, 1]);
});

test("a logit of -Infinity beside the label takes no part in the cross-entropy (it was NaN)", () => {
  // log(1 + e^-1) for logits 1 and 0.
  const logits = np.array([[1, -Infinity, 0]]);
  const labels = np.array([0], { dtype: "int32" });
  const loss = (x: Tensor) => nn.softmaxCrossEntropy(x, labels);
  for (const value of three(loss, logits)) expect(value).toBeCloseTo(Math.log1p(Math.exp(-1)), 6);
});

test("cube roots of large and small numbers have their digits (22 ulps at 3e38)", () => {
  const points = [3e38, -3e38, 1e30, 2.5, 1e-30].map(Math.fround);
  for (const roots of three((x) => np.cbrt(x) as Tensor, np.array(points)) as number[][])
    roots.forEach((root, i) => expect(Math.abs(root / Math.cbrt(points[i]!) - 1)).toBeLessThan(4 * 2 ** -24));
});
