/** The tables of jax-js stay small, whatever numbers a loop computes with. */
import { expect, test } from "vitest";
import { cacheSizes } from "./caches.ts";
import { grad, nn, np } from "./index.ts";
import type { Tensor } from "./tensor.ts";

test("all tables of jax-js are known: kernels, programs, and derivatives of nested programs in three ways", () => {
  expect(cacheSizes().length).toBe(5);
});

test("a product with a number that varies compiles one kernel, not one for each number", () => {
  const x = np.full([4], 0.5);
  x.mul(0.25);
  const before = cacheSizes();
  for (let i = 0; i < 200; i++) {
    expect(x.mul(i).data[0]).toBe(i / 2);
    expect(x.astype("float64").add(i).data[0]).toBe(0.5 + i);
  }
  cacheSizes().forEach((size, i) => expect(size - before[i]!).toBeLessThan(5));
});

test("functions of 3,000 numbers keep at most 1,024 kernels, and what was dropped is computed again", () => {
  const first = np.exp(0.001).item();
  for (let i = 0; i < 3000; i++) np.exp(i * 0.001);
  for (const size of cacheSizes()) expect(size).toBeLessThanOrEqual(1025);
  expect(np.exp(0.001).item()).toBe(first);
});

test("a gradient whose derivative was dropped is the same again", () => {
  const slope = grad((v: Tensor) => nn.logsumexp(v).mul(0.123))(np.array([1, 2]));
  for (let i = 0; i < 2500; i++) np.exp(i * 0.002);
  const again = grad((v: Tensor) => nn.logsumexp(v).mul(0.123))(np.array([1, 2]));
  expect([...again.data]).toEqual([...slope.data]);
});
