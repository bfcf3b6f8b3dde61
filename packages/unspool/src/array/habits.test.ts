/** What people write who know NumPy and JAX: it works, or a typed error says what to write. */
import { describe, expect, test } from "vitest";
import { UnspoolError } from "../errors.ts";
import { type Tensor, jit, lax, linalg, nn, np, random, scan } from "./index.ts";

const matrix = np.array([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
// What TypeScript's types refuse, JavaScript does not.
// oxlint-disable-next-line typescript/no-explicit-any
const js: any = { np, nn, random, linalg, lax, x: matrix };

describe("works", () => {
  test.each<[string, () => unknown, unknown]>([
    ["np.mod has the divisor's sign", () => np.mod(np.array([-5, 5]), 3).toArray(), [1, 2]],
    ["np.eye(2, { dtype })", () => np.eye(2, { dtype: "int32" }).toString(), "int32[2,2]"],
    ["np.eye(2, 3)", () => np.eye(2, 3).shape, [2, 3]],
    ["np.zeros(3)", () => np.zeros(3).toArray(), [0, 0, 0]],
    ["np.ones([2], 'int32')", () => np.ones([2], "int32").toString(), "int32[2]"],
    ["np.zeros(2, { dtype: np.float64 })", () => np.zeros(2, { dtype: np.float64 }).dtype, "float64"],
    ["np.arange(3, { dtype })", () => np.arange(3, { dtype: "float32" }).toString(), "float32[3]"],
    ["np.arange(1, 3)", () => np.arange(1, 3).toArray(), [1, 2]],
    ["np.linspace(0, 1, { dtype })", () => np.linspace(0, 1, { dtype: "float64" }).toString(), "float64[50]"],
    ["np.sin([1, 2])", () => js.np.sin([0, 0]).toArray(), [0, 0]],
    ["nn.relu([1, -1])", () => js.nn.relu([1, -1]).toArray(), [1, 0]],
    ["nn.softmax([0, 0])", () => js.nn.softmax([0, 0]).toArray(), [0.5, 0.5]],
    ["np.sum([[1, 2], [3, 4]], 0)", () => js.np.sum([[1, 2], [3, 4]], 0).toArray(), [4, 6]], // prettier-ignore
    ["np.maximum([1, 5], 3)", () => js.np.maximum([1, 5], 3).toArray(), [3, 5]],
    ["np.stack([[1, 2], [3, 4]])", () => js.np.stack([[1, 2], [3, 4]]).toArray(), [[1, 2], [3, 4]]], // prettier-ignore
    ["np.mean(3)", () => js.np.mean(3).item(), 3],
    ["np.sum(x, { axis: 0 })", () => js.np.sum(matrix, { axis: 0 }).toArray(), [5, 7, 9]],
    ["x.sum({ axis, keepdims })", () => js.x.sum({ axis: 1, keepdims: true }).toArray(), [[6], [15]]],
    ["np.var(x, { axis, correction })", () => js.np.var(matrix, { axis: 0, correction: 1 }).toArray(), [4.5, 4.5, 4.5]], // prettier-ignore
    ["np.argmax(x, { axis: 1 })", () => js.np.argmax(matrix, { axis: 1 }).toArray(), [2, 2]],
    ["x.add([1, 2, 3])", () => js.x.add([1, 2, 3]).slice(0).toArray(), [2, 4, 6]],
    ["x.T", () => matrix.T.shape, [3, 2]],
    ["x.length", () => matrix.length, 2],
    ["x.reshape(3, 2)", () => matrix.reshape(3, 2).shape, [3, 2]],
    ["x.transpose(1, 0)", () => matrix.transpose(1, 0).shape, [3, 2]],
    ["for (const row of x)", () => [...matrix].map((row) => row.toArray()), [[1, 2, 3], [4, 5, 6]]], // prettier-ignore
    ["x[:, np.newaxis]", () => matrix.slice([], np.newaxis).shape, [2, 1, 3]],
    ["np.take(x, [0, -1], 1)", () => js.np.take(matrix, [0, -1], 1).toArray(), [[1, 3], [4, 6]]], // prettier-ignore
    [
      "np.round(x, decimals)",
      () => [...np.round(np.array([1.234, 5.678]), 1).data],
      [1.2, 5.7].map(Math.fround),
    ],
  ])("%s", (_name, call, wanted) => expect(call()).toEqual(wanted));

  test("const [a, b] = random.split(key), eagerly and in a trace", () => {
    const [a, b] = random.split(random.key(0));
    // jax.random.split(jax.random.key(0)), JAX documentation.
    expect([a!.toArray(), b!.toArray()]).toEqual([[1797259609, 2579123966], [928981903, 3453687069]]); // prettier-ignore
    const second = jit((key: Tensor) => {
      const [, other] = random.split(key);
      return random.normal(other!, [2]);
    });
    expect(second(random.key(0)).toArray()).toEqual(random.normal(b!, [2]).toArray());
    expect(random.split(random.key(0), 3).shape).toEqual([3, 2]);
  });

  test("scan(step, carry, null, length)", () => {
    const [sum, ys] = scan((s: Tensor) => [s.add(2), s] as [Tensor, Tensor], np.array(1), null, 3);
    expect([sum.item(), ys.toArray()]).toEqual([7, [1, 3, 5]]);
  });

  test("two tensors with the same elements are equal to a test runner, scalars too", () => {
    expect(np.array(1)).toEqual(np.array(1));
    expect(np.array([1, 2])).toEqual(np.array([1, 2]));
  });
});

test.each<[string, () => unknown, RegExp]>([
  [
    "np.zeros(2, 3)",
    () => js.np.zeros(2, 3),
    /np.zeros: takes a record of options behind shape, got 3.*shape is a list/,
  ],
  ["np.zeros([2], { dtpye })", () => js.np.zeros([2], { dtpye: "int32" }), /Did you mean "dtype"/],
  ["np.zeros([2], 'float16')", () => js.np.zeros([2], "float16"), /dtype must be one of/],
  ["np.zeros([-1])", () => np.zeros([-1]), /shape must be a list of whole numbers/],
  ["np.arange(0, 1, 0)", () => np.arange(0, 1, 0), /step that is not 0/],
  ["np.concatenate(a, b)", () => js.np.concatenate(matrix, matrix), /Write np.concatenate\(\[a, b\]\)/],
  [
    "np.concatenate([a], b)",
    () => js.np.concatenate([matrix], matrix),
    /axis must be an integer, got float32\[2,3\]/,
  ],
  ["np.vstack(a, b)", () => js.np.vstack([matrix], matrix), /np.vstack: takes at most 1/],
  ["np.max(a, b)", () => js.np.max(matrix, matrix), /axis must be an integer/],
  ["np.sin('1')", () => js.np.sin("1"), /np.sin: argument 1 must be a tensor.*got "1"/],
  ["np.sin()", () => js.np.sin(), /argument 1 must be a tensor.*got undefined/],
  ["np.add(a)", () => js.np.add(matrix), /argument 2 must be a tensor/],
  ["np.sin(a, b)", () => js.np.sin(matrix, matrix), /takes at most 1 arguments, got 2/],
  ["np.sin({})", () => js.np.sin({ a: 1 }), /got \{a\}/],
  ["nn.relu(undefined)", () => js.nn.relu(undefined), /nn.relu: argument 1/],
  ["length of a scalar", () => np.array(1).length, /a scalar has no length/],
])("%s is a typed error that says what to write", (_name, call, text) => {
  expect(call).toThrow(UnspoolError);
  expect(call).toThrow(text);
});
