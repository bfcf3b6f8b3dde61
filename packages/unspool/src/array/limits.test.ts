/**
 * Values at the ends of the range, by what was wrong with them: eagerly, by jax-js's compiler and by the engine. Expected
 * values are those of Math, which NumPy 1.24.2 has too, and for powers C99's (annex F), which are NumPy's.
 */
import { expect, test } from "vitest";
import { compileFunction } from "../engine/index.ts";
import { type DType, type Tensor, grad, jit, nn, np, vmap } from "./index.ts";

type Fn = (...xs: Tensor[]) => Tensor;
const ways = (f: Fn, ...xs: Tensor[]): Tensor[] => [
  f(...xs),
  jit(f)(...xs) as Tensor,
  compileFunction("f", (...ys: Tensor[]) => [f(...ys)], xs)(...xs)[0]!,
];
const close = (got: number, wanted: number, relative: number): boolean =>
  Object.is(got, wanted) || got === wanted || Math.abs(got - wanted) <= relative * Math.abs(wanted);
const of = (numbers: readonly number[], dtype: DType = "float32"): Tensor => np.array(numbers, { dtype });

test.each<[string, number, number[]]>([
  ["acosh", 5e-7, [3.4e38, 1e20, 2]],
  ["log1p", 5e-7, [3.4e38, 1e20]],
  ["sinh", 5e-6, [89.2, -89.2, 88.8, 1e-3]],
  ["cosh", 5e-6, [89.2, -89.2]],
  ["sin", 5e-7, [3e38, -1e30, 2 ** 31, 22]],
  ["cos", 5e-7, [3e38, -1e30, 2 ** 31, 11]],
  ["tan", 5e-7, [3e38, -1e30, 2 ** 31, 22]],
])("np.%s of float32 was infinite, meaningless or short of digits", (name, relative, points) => {
  const x = of(points);
  const f = np[name as "sin"] as Fn;
  for (const y of ways(f, x))
    Array.from(x.data, (one, i) =>
      expect(close(y.data[i]!, Math[name as "sin"](one), relative), `${one}`).toBe(true),
    );
});

test.each<["expm1" | "sinh" | "cosh" | "sin"]>([["expm1"], ["sinh"], ["cosh"], ["sin"]])(
  "np.%s of float64 had 8 digits inside of a program, or none for large numbers",
  (name) => {
    const points = name === "sin" ? [1e10, -3e38, 1e300, 2.5] : [0.01, -0.01, 0.02, -0.3, 5];
    const x = of(points, "float64");
    for (const y of ways(np[name] as Fn, x))
      points.forEach((one, i) =>
        expect(close(y.data[i]!, Math[name](one), 20 * 2 ** -53), `${one}`).toBe(true),
      );
  },
);

test("np.power was -Infinity for a root of -Infinity, and NaN where C99 has 1", () => {
  const [inf, nan] = [Infinity, NaN];
  const pairs: [number, number, number][] = [
    [-inf, 0.5, inf], [-inf, -0.5, 0], [-inf, 3, -inf], [-inf, -3, -0], [-0, -1, -inf], [-0, 3, -0], [0, nan, nan],
    [nan, 0, 1], [inf, 0, 1], [1, nan, 1], [1, inf, 1], [-1, inf, 1], [-1, -inf, 1], [-1, nan, nan], [0.5, inf, 0],
    [2, inf, inf], [-8, 1 / 3, nan], [-2, 3, -8],
  ]; // prettier-ignore
  for (const dtype of ["float32", "float64"] as const) {
    const [x, y] = [0, 1].map((k) => of(pairs.map((pair) => pair[k]!), dtype)) as [Tensor, Tensor]; // prettier-ignore
    for (const got of ways(np.power as Fn, x, y))
      pairs.forEach(([a, b, wanted], i) =>
        expect(close(got.data[i]!, wanted, 1e-6), `${a} ** ${b} is ${got.data[i]}`).toBe(true),
      );
  }
  expect(grad((x: Tensor) => np.power(x, of([2.5])).sum())(of([1])).toArray()).toEqual([2.5]);
});

test("remainders of a huge number by a tiny one were NaN", () => {
  const [x, y] = [of([3e38, -3e38, 3e38]), of([1.3, 1e-30, 1e-40])];
  const wanted = Array.from(x.data, (one, i) => Math.fround(one % y.data[i]!));
  // The engine takes subnormal numbers for what they are, as jax-js does.
  for (const got of ways(np.fmod as Fn, x, y)) expect(got.toArray()).toEqual(wanted);
});

test("np.cumprod and prod overflowed where no product of the elements in their order does", () => {
  for (const got of ways((x) => np.cumprod(x, 0), of([1e-30, 1e30, 1e30, 1e-30])))
    got.data.forEach((one, i) => expect(close(one, [1e-30, 1, 1e30, 1][i]!, 1e-6)).toBe(true));
  for (const got of ways((x) => x.prod(), of([1e30, 1e-30, 1e30, 1e-30, 2])))
    expect(close(got.item(), 2, 1e-6)).toBe(true);
});

test("np.atan2 of two infinities was NaN", () => {
  const [y, x] = [of([Infinity, -Infinity, Infinity, Infinity, NaN]), of([Infinity, -Infinity, 1, NaN, 1])];
  const wanted = Array.from(y.data, (one, i) => Math.atan2(one, x.data[i]!));
  for (const got of ways(np.atan2 as Fn, y, x))
    got.data.forEach((one, i) => expect(close(one, wanted[i]!, 5e-7)).toBe(true));
});

test("np.nanToNum of float64 left Infinity in a program", () => {
  const x = of([Infinity, -Infinity, NaN, 1], "float64");
  for (const got of ways(np.nanToNum as Fn, x))
    expect(got.toArray()).toEqual([Number.MAX_VALUE, -Number.MAX_VALUE, 0, 1]);
});

test("gelu of the largest numbers was infinite", () => {
  for (const got of ways((x) => nn.gelu(x, { approximate: false }), of([3e38])))
    expect(close(got.item(), 3e38, 1e-6)).toBe(true);
});

test("nn.relu keeps whole numbers, as in JAX, and counts bools", () => {
  for (const [dtype, result] of [
    ["int32", "int32"],
    ["uint32", "uint32"],
    ["bool", "int32"],
    ["float64", "float64"],
  ] as const)
    // prettier-ignore
    for (const got of ways(nn.relu as Fn, of([0, 1], dtype)))
      expect([got.dtype, got.toArray()]).toEqual([result, [0, 1]]);
});

test("bools of reductions in floating functions: an error of the compiler of jax-js", () => {
  const x = np.array([[1, 2], [0, 3], [2, 5], [4, 4], [1, 2]]); // prettier-ignore
  const all = vmap((row: Tensor) => nn.softSign(row.min().all())) as Fn;
  for (const got of ways(all, x)) expect(got.toArray()).toEqual([0.5, 0, 0.5, 0.5, 0.5]);
  const own = vmap((row: Tensor) => nn.hardTanh(np.isin(row, row) as Tensor).sum()) as Fn;
  for (const got of ways(own, x)) expect(got.toArray()).toEqual([2, 2, 2, 2, 2]);
});

test("sums over no elements were what lay in memory", () => {
  for (let i = 0; i < 3; i++) {
    // Memory that holds something else than 0.
    expect(np.array(new Float32Array(8).fill(1e5)).mul(3).add(1).data[0]).toBe(300001);
    const empty = np.zeros([8, 0]);
    for (const got of ways((x) => x.sum(-1), empty)) expect(got.toArray()).toEqual(Array(8).fill(0));
    for (const got of ways((x) => x.all(-1), empty)) expect(Array.from(got.data)).toEqual(Array(8).fill(1));
    for (const got of ways((x) => np.trace(x, -1), np.ones([1, 5, 8])))
      expect(got.toArray()).toEqual(Array(8).fill(0));
    const product = (x: Tensor) => np.matmul(x, x.transpose()) as Tensor;
    for (const got of ways(product, np.zeros([3, 0]))) expect(new Set(got.data)).toEqual(new Set([0]));
  }
});

test("gradients of a broadcast against no elements: an internal error", () => {
  const f = (y: Tensor) => np.zeros([3, 0]).mul(y).sum();
  expect(grad(f)(np.ones([3, 1])).toArray()).toEqual([[0], [0], [0]]);
});

test.each([[-2], [-1], [undefined]])(
  "floating functions of bools that any and all along %s leave compile",
  (axis) => {
    const x = np.array(
      Float32Array.from({ length: 32 }, (_, i) => i - 7.5),
      { shape: [4, 1, 2, 4] },
    );
    const logs = (y: Tensor): Tensor => np.log2(np.any(y, axis));
    const tanhs = (y: Tensor): Tensor => np.tanh(np.all(y, axis));
    for (const a of [x, x.astype("float64")]) {
      for (const call of [jit(logs), vmap(logs)]) expect(new Set(call(a).data)).toEqual(new Set([0]));
      const tanh1 = 0.7615941559557649;
      for (const call of [jit(tanhs), vmap(tanhs)])
        for (const value of call(a).data) expect(value).toBeCloseTo(tanh1, 6);
    }
  },
);
