/** np.array of tensors, numbers and booleans, and what it refuses. */
import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, grad, jit, np } from "./index.ts";
import { compileFunction } from "../engine/index.ts";

const [a, b] = [np.array(1), np.array(2)];

describe("np.array of tensors stacks them (it gave NaN or 0)", () => {
  test("scalars, rows, nested, mixed with numbers and typed arrays", () => {
    expect(np.array([a, b]).toArray()).toEqual([1, 2]);
    expect(np.array([np.array([1, 2]), [3, 4], Float32Array.of(5, 6)]).toArray()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(
      np
        .array([
          [a, 5],
          [6, b],
        ])
        .toArray(),
    ).toEqual([
      [1, 5],
      [6, 2],
    ]);
    expect(np.array([a, b], { dtype: "int32", shape: [2, 1] }).toString()).toBe("int32[2,1]");
  });

  test("in a trace, with its gradient, and compiled", () => {
    const stack = (x: Tensor): Tensor => np.array([x, x.mul(2), 1]);
    expect(jit(stack)(a).toArray()).toEqual([1, 2, 1]);
    expect(compileFunction("stack", stack, [a])(a).toArray()).toEqual([1, 2, 1]);
    expect(
      grad((x: Tensor) =>
        stack(x)
          .mul(np.array([3, 5, 7]))
          .sum(),
      )(a).item(),
    ).toBe(13);
  });

  test("in the dtype that all share; plain numbers are weak", () => {
    const count = np.array(1, { dtype: "int32" });
    expect(
      np
        .array([
          [count, 2],
          [3, 4],
        ])
        .toString(),
    ).toBe("int32[2,2]");
    expect(np.array([count, 2.5]).toString()).toBe("float32[2]");
    expect(np.array([count, np.array([1.5]).slice(0)]).toString()).toBe("float32[2]");
    expect(np.array([np.array(true), false]).toString()).toBe("bool[2]");
  });
});

test("booleans beside numbers are 0 and 1, as in NumPy", () => {
  // numpy 1.24.2: np.array([True, 2]) = [1, 2].
  expect(np.array([true, 2]).toArray()).toEqual([1, 2]);
  expect(np.array([true, 2]).dtype).toBe("float32");
  expect(np.array([true, false]).dtype).toBe("bool");
});

test("np.full takes a tensor, also an unknown one", () => {
  expect(jit((x: Tensor) => np.full([2], x))(np.array([3]).slice(0)).toArray()).toEqual([3, 3]);
});

test.each([
  [[1n], "got 1 at place 0"],
  [[1, "2"], 'got "2" at place 1'],
  [[1, null], "got null at place 1"],
  [[1, undefined], "got undefined at place 1"],
  [[{}], "got {} at place 0"],
  ["3", 'got "3"'],
  [null, "got null"],
  [[[1, 2], [3]], "ragged"],
  [[a, [1, 2]], "stacks parts of one shape"],
  [[a, "x"], 'got "x"'],
])("np.array(%o) is refused", (values, text) => {
  expect(() => np.array(values as never)).toThrow(ShapeError);
  expect(() => np.array(values as never)).toThrow(text);
});

test("a number that an integer dtype does not hold is refused", () => {
  expect(() => np.array([NaN], { dtype: "int32" })).toThrow("int32 holds whole numbers");
  expect(() => np.array([-1], { dtype: "uint32" })).toThrow("uint32 holds whole numbers");
  expect(np.array([1.9, -1.9], { dtype: "int32" }).toArray()).toEqual([1, -1]);
});
