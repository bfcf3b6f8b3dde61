/** Programs as data: the arrays that a function closes over are the same tensors, and nothing is computed from them. */
import { expect, test } from "vitest";
import { type Tensor, grad, jit, makeJaxpr, np, scan, traceProgram, vmap } from "./index.ts";

const size = 8192;
const large = np.array(
  Float32Array.from({ length: size }, (_, i) => (i % 13) - 3),
  { shape: [64, 128] },
);
const flags = np.array(Int32Array.from({ length: size }, (_, i) => i % 2)).astype("bool");
const picks = np.array(Int32Array.of(3, 5));

test("constants are the tensors that were closed over, each once, in every trace of them", () => {
  const small = np.array([1, 2]);
  const fn = (x: Tensor): Tensor =>
    np
      .take(large, x, 0)
      .sum()
      .add(np.take(large, x, 1).sum())
      .add(small.sum())
      .add(flags.astype("float32").sum());
  for (let trace = 0; trace < 2; trace++) {
    const { constants } = traceProgram("closure", fn as never, [picks]);
    expect(constants.length).toBe(3);
    for (const tensor of [large, small, flags]) expect(constants).toContain(tensor);
  }
});

test(
  "nested functions, loops and mapped functions keep them too, and add none that nothing reads",
  { tags: ["long"] },
  () => {
    const nested = (x: Tensor): Tensor => {
      const weights = vmap((row: Tensor) => row.mul(x.slice(0)).sum())(large);
      const slope = grad((y: Tensor) => np.matmul(large, np.ones([128]).mul(y)).sum())(x.slice(1));
      const [last] = scan(
        (sum: Tensor, k: Tensor) => [sum.add(large.sum().mul(k)), undefined],
        np.array(0),
        x,
      );
      return weights.sum().add(slope).add(last);
    };
    const at = np.array([0.5, 2]);
    const { constants } = traceProgram("nested", nested as never, [at]);
    expect(constants.filter((one) => one.size >= size)).toEqual([large]);
    expect(constants.find((one) => one.size >= size)).toBe(large);
    // Sum of the array: 630 whole turns of i % 13 - 3, which add up to 39 each, and -3 - 2.
    const sum = 630 * 39 - 3 - 2;
    expect(jit(nested)(at).item()).toBe(0.5 * sum + sum + 2.5 * sum);
  },
);

test("what is made of a constant alone is part of the program, and right when it runs", () => {
  const fn = (x: Tensor): Tensor => large.mul(2).add(large.max()).sum().mul(x);
  const { body } = traceProgram("constant", fn as never, [np.array(1)]);
  expect(body.equations.map(({ primitive }) => primitive)).toEqual(expect.arrayContaining(["mul", "reduce"]));
  const expected = [...large.data].reduce((sum, value) => sum + 2 * value + 9, 0);
  expect(jit(fn)(np.array(1)).item()).toBe(expected);
});

test("a program that is shown holds its constants' elements", () => {
  const { jaxpr } = makeJaxpr((x: Tensor) => large.mul(x), [np.array(1)]);
  const [constant] = jaxpr.consts as unknown as { ref: { dataSync(): Float32Array } }[];
  expect(constant!.ref.dataSync()).toEqual(large.data);
  jaxpr.dispose();
});
