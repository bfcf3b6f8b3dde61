/** Mapped loops: named by what was seen. */
import { expect, test } from "vitest";
import { type Tensor, grad, jit, lax, np, scan, vmap } from "./index.ts";

const rows = np.array([[1, 2, 3], [3, 2, 1]]); // prettier-ignore

/** `fn` of each of two slices, inside of a loop. */
const looped =
  (fn: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    scan((n: Tensor, row: Tensor): [Tensor, Tensor] => [n, fn(row)], np.array(0), np.stack([x, x]))[1];

test("indices of topK in a loop that is mapped were float32: a plain number takes the dtype of what it meets", () => {
  const places = vmap(looped((x) => lax.topK(x, 1)[1]));
  for (const found of [places(rows), jit(places)(rows)]) {
    expect([found.dtype, ...found.data]).toEqual(["int32", 2, 2, 0, 0]);
  }
  const twice = vmap(vmap(looped((x) => lax.topK(x, 2)[1])))(rows.reshape([1, 2, 3]));
  expect([twice.dtype, ...twice.data]).toEqual(["int32", 2, 1, 2, 1, 0, 1, 0, 1]);
});

test("and in derivatives of a loop that is mapped", () => {
  const total = (x: Tensor): Tensor =>
    looped((row) => np.take(row, lax.topK(row, 1)[1], 0).mul(row))(x).sum();
  // Σ 2 m x with the largest element m: 2 m, and 2 Σ x more for m.
  expect(Array.from(vmap(grad(total))(rows).data)).toEqual([6, 6, 18, 18, 6, 6]);
});
