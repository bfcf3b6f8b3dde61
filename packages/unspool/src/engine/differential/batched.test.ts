/**
 * Mapped functions, compiled, eager and under derivatives: named by what was seen. The wanted values are those of the
 * same function of the whole, without `vmap`.
 */
import { expect, test } from "vitest";
import { type Tensor, grad, lax, nn, np, scan, vmap } from "../../array/index.ts";
import { compileFunction } from "../compileFunction.ts";
import { differences } from "./testing/compare.ts";

type Unary = (x: Tensor) => Tensor;

const filled = (shape: number[], step: number): Tensor =>
  np.array(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(step * (i + 1)) * 0.8),
    { shape },
  );
const x = filled([4, 3], 1);
const w = filled([3, 5], 2);

const functions: Readonly<Record<string, Unary>> = {
  tanh: np.tanh as Unary,
  sigmoid: nn.sigmoid,
  softplus: nn.softplus,
  gelu: (y) => nn.gelu(y),
  log1p: (y) => np.log1p(y.mul(y)) as Tensor,
  log: (y) => np.log(y.mul(y).add(1)) as Tensor,
};

// 8 ulp of the largest sum of |x w|, 1.6.
const bound = { ulps: 8, scale: 2 };

test.each(Object.entries(functions))(
  "%s of a mapped product is that of the whole (it was another)",
  (_, f) => {
    const mapped: Unary = vmap((row: Tensor) => f(np.matmul(row, w)));
    const wanted = f(np.matmul(x, w));
    expect(differences(mapped(x), wanted, bound)).toEqual([]);
    expect(differences(compileFunction("mapped", mapped, [x])(x), wanted, bound)).toEqual([]);
    const inLoop: Unary = (y) =>
      scan(
        (_: Tensor, k: Tensor) => [k, mapped(y)] as const as [Tensor, Tensor],
        np.array(0),
        np.zeros([1]),
      )[1].slice(0);
    expect(differences(compileFunction("mapped", inLoop, [x])(x), wanted, bound)).toEqual([]);
  },
);

test.each(Object.entries(functions))("gradients of %s of a mapped product", (_, f) => {
  const each: Unary = vmap(grad((row: Tensor) => f(np.matmul(row, w)).sum()));
  const wanted = grad((y: Tensor) => f(np.matmul(y, w)).sum())(x);
  expect(differences(compileFunction("gradients", each, [x])(x), wanted, bound)).toEqual([]);
  const whole = (y: Tensor): Tensor => {
    const out = vmap((row: Tensor) => f(np.einsum("i,ij->j", row, w)))(y);
    return out.mul(out).sum();
  };
  const square = grad((y: Tensor) => {
    const out = f(np.matmul(y, w));
    return out.mul(out).sum();
  })(x);
  expect(differences(grad(whole)(x), square, bound)).toEqual([]);
});

test("elements taken by indices of two axes from rows that are mapped behind other axes", () => {
  // The rows of a product are its last axis, and the indices come before it.
  const at = np.array([0, 2, 1, 1], { shape: [2, 2], dtype: "int32" });
  const mapped: Unary = vmap((row: Tensor) => np.take(np.matmul(w.transpose(), row), at, 0) as Tensor);
  const wanted = np.take(np.matmul(x, w), at, 1) as Tensor;
  expect(differences(mapped(x), wanted, bound)).toEqual([]);
  expect(differences(compileFunction("taken", mapped, [x])(x), wanted, bound)).toEqual([]);
});

test("a mapped product spread along a new axis", () => {
  const mapped: Unary = vmap((row: Tensor) => np.broadcastTo(np.matmul(row, w), [4, 5]) as Tensor);
  const wanted = np.broadcastTo(np.matmul(x, w).reshape([4, 1, 5]), [4, 4, 5]) as Tensor;
  expect(differences(mapped(x), wanted, bound)).toEqual([]);
  expect(differences(compileFunction("spread", mapped, [x])(x), wanted, bound)).toEqual([]);
});

test("the gradient of the largest elements inside a loop is where they are (it was 0)", () => {
  const rows = np.array([3, 1, 2, 5, 4, 6], { shape: [2, 3] });
  const total = (y: Tensor): Tensor =>
    scan(
      (sum: Tensor, row: Tensor): [Tensor, undefined] => [sum.add(lax.topK(row, 2)[0].sum()), undefined],
      np.array(0, { dtype: "float32" }),
      y,
    )[0];
  const wanted = [
    [1, 0, 1],
    [1, 0, 1],
  ];
  expect(grad(total)(rows).toArray()).toEqual(wanted);
  expect(compileFunction("largest", grad(total), [rows])(rows).toArray()).toEqual(wanted);
});
