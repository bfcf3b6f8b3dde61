/** Programs that the compiler of jax-js 0.1.25 got wrong, named by what was seen; see `repairs.ts`. */
import { expect, test } from "vitest";
import { type Tensor, grad, jit, lax, np, vmap } from "./index.ts";

const x = np.array([1, 2, 3, 4]);

test("the gradient of the sum of a slice is 0 outside of the slice (it was 1 everywhere)", () => {
  expect(grad((y: Tensor) => y.slice([0, 2]).sum())(x).toArray()).toEqual([1, 1, 0, 0]);
  expect(grad((y: Tensor) => y.slice(1))(x).toArray()).toEqual([0, 1, 0, 0]);
  expect(jit(grad((y: Tensor) => y.slice([1, 3]).mean()))(x).toArray()).toEqual([0, 0.5, 0.5, 0]);
  expect(grad((y: Tensor) => np.split(y, 2)[1]!.sum())(x).toArray()).toEqual([0, 0, 1, 1]);
  expect(vmap(grad((y: Tensor) => y.slice([0, 1]).sum()))(x.reshape([2, 2])).toArray()).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

test("padding a broadcast constant in a trace pads with 0", () => {
  const padded = jit((y: Tensor) =>
    np.pad(np.broadcastTo(np.array(2, { dtype: "float32" }), [2]), [[0, 2]]).add(y),
  );
  expect(padded(np.array(0)).toArray()).toEqual([2, 2, 0, 0]);
  const joined = jit((y: Tensor) =>
    np.concatenate([np.broadcastTo(np.array(2, { dtype: "float32" }), [2]), y]),
  );
  expect(joined(np.array([7])).toArray()).toEqual([2, 2, 7]);
});

test("the gradient of a sum of taken elements counts how often each was taken (it threw)", () => {
  const index = np.array([0, 0, 1], { dtype: "int32" });
  expect(grad((y: Tensor) => np.take(y, index).sum())(x).toArray()).toEqual([2, 1, 0, 0]);
});

test("sorting along the first axis inside a trace (it threw)", () => {
  const y = np.array([
    [3, 1],
    [2, 9],
    [5, 0],
  ]);
  expect(jit((z: Tensor) => np.sort(z, 0))(y).toArray()).toEqual([
    [2, 0],
    [3, 1],
    [5, 9],
  ]);
  expect(jit((z: Tensor) => np.argsort(z, 0))(y).toArray()).toEqual([
    [1, 2],
    [0, 0],
    [2, 1],
  ]);
});

test("a float64 program with a constant from elsewhere runs with float64 functions", () => {
  // log1p made a constant on the other device first, and the whole program followed it.
  const slope = grad((y: Tensor) => np.log1p(np.exp(y)).sum())(np.array([-1.6], { dtype: "float64" })).item();
  expect(Math.abs(slope * (1 + Math.exp(1.6)) - 1)).toBeLessThan(1e-15);
});

test("einsum, matvec and vecmat need no iterator helpers, which Node 20 has not", () => {
  expect(() => np.einsum("i...,j", x, x)).toThrow(
    'np.einsum: names every axis by a letter, and has no "...", got "i...,j"',
  );
  expect(() => np.einsum("ij", x)).toThrow('np.einsum: operand 0 is float32[4], but has subscripts "ij".');
  expect(np.einsum("i,i", x, x).item()).toBe(30);
});

test("sums of one term (jax-js on WebAssembly took elements of other rows)", () => {
  const [a, b] = [np.arange(20).reshape([5, 4, 1, 1]), np.arange(16).reshape([1, 4, 4, 1])].map((y) =>
    y.astype("float32"),
  ) as [Tensor, Tensor];
  // out[i, j, k] = a[i, j] b[j, k] with a[i, j] = 4 i + j and b[j, k] = 4 j + k.
  const wanted = Array.from({ length: 80 }, (_, at) => {
    const [i, j, k] = [at >> 4, (at >> 2) & 3, at & 3];
    return (4 * i + j) * (4 * j + k);
  });
  const dot = (y: Tensor, z: Tensor) => np.vecdot(y, z) as Tensor;
  const sum = (y: Tensor, z: Tensor) => y.mul(z).sum(-1);
  for (const call of [dot, jit(dot), sum, jit(sum)]) expect(Array.from(call(a, b).data)).toEqual(wanted);
});

test("a convolution of one channel with windows of one element", () => {
  const [y, w] = [
    np.array([1, 2, 3, 4, 5, 6, 7, 8], { shape: [2, 1, 4] }),
    np.array([2, 3], { shape: [2, 1, 1] }),
  ];
  const conv = (image: Tensor, window: Tensor) =>
    lax.convGeneralDilated(image, window, [1], [[0, 0]]) as Tensor;
  const wanted = [2, 4, 6, 8, 3, 6, 9, 12, 10, 12, 14, 16, 15, 18, 21, 24];
  for (const call of [conv, jit(conv)]) expect(Array.from(call(y, w).data)).toEqual(wanted);
});
