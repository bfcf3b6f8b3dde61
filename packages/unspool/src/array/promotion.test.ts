/**
 * Operands of every dtype and mixed ones, eagerly and in a trace, against NumPy's recorded values, and the dtypes of the
 * rule in docs/decisions/010-dtype-promotion.md. The engine is held to the same values in engine/differential.
 */
import { describe, expect, test } from "vitest";
import { UnspoolError } from "../errors.ts";
import { type Tensor, jit, lax, linalg, nn, np } from "./index.ts";
import { isRefused, promotionCases, wrongElements } from "./testing/promotionCases.ts";

const int = (...values: number[]): Tensor => np.array(values, { dtype: "int32" });
const uint = (...values: number[]): Tensor => np.array(values, { dtype: "uint32" });
const bool = (...values: boolean[]): Tensor => np.array(values);

test("eagerly, every function of whole numbers, bools and mixed dtypes has NumPy's values", () => {
  const wrong = promotionCases
    .filter((row) => !isRefused(row))
    .flatMap((row) => wrongElements(row, row.call(...row.args)));
  expect(wrong).toEqual([]);
});

test("in a trace too, in one program per dtype of the first operand", { tags: ["long"] }, () => {
  // Every fourth: the engine's own test records all of them.
  const rows = promotionCases.filter((row, i) => !isRefused(row) && i % 4 === 0);
  const wrong = [...new Set(rows.map(({ args }) => args[0]!.dtype))].flatMap((dtype) => {
    const group = rows.filter(({ args }) => args[0]!.dtype === dtype);
    const outputs = jit((all: Tensor[][]) => group.map(({ call }, i) => call(...all[i]!)))(
      group.map(({ args }) => args),
    );
    return group.flatMap((row, i) => wrongElements(row, outputs[i]!));
  });
  expect(wrong).toEqual([]);
});

test("beside float64 a plain number is exact, and a float32 constant has the digits that it was made with", () => {
  const theta = np.array([1, 2], { dtype: "float64" });
  const products = (x: Tensor): Tensor[] => [
    x.mul(0.1),
    x.mul(np.array([0.1, 0.1], { dtype: "float64" })),
    x.mul(np.array(Float64Array.of(0.1, 0.1))),
    x.mul(np.array([0.1, 0.1])),
    x.mul(np.array(0.1)),
    x.mul(np.full([2], 0.1)),
  ];
  const rounded = Math.fround(0.1);
  const expected = [0.1, 0.1, 0.1, rounded, rounded, rounded].map((c) => [c, 2 * c]);
  for (const made of [products(theta), jit(products)(theta)]) {
    expect(made.map(({ dtype }) => dtype)).toEqual(expected.map(() => "float64"));
    expect(made.map(({ data }) => [...data])).toEqual(expected);
  }
});

test("what NumPy refuses, and numbers that a dtype does not hold, are typed errors", () => {
  const silent = promotionCases.filter(isRefused).flatMap(({ name, call, args }) => {
    try {
      return [`${name}: ${call(...args).toString()}`];
    } catch (error) {
      return error instanceof UnspoolError ? [] : [`${name}: ${String(error)}`];
    }
  });
  expect(silent).toEqual([]);
});

describe("the step's t, an int32", () => {
  const t = np.array(3, { dtype: "int32" });
  test("t.mul(0.5) is 1.5 (it was 0), and t.less(3.5) is true", () => {
    expect([t.mul(0.5).item(), t.add(0.5).item(), t.sub(0.25).item(), t.div(2).item()]).toEqual([
      1.5, 3.5, 2.75, 1.5,
    ]);
    expect([t.less(3.5).item(), t.greater(2.5).item(), t.equal(3.5).item()]).toEqual([1, 1, 0]);
  });
  test("stays whole beside whole numbers", () => {
    expect([t.add(1), t.mul(2), t.mod(2), np.power(t, 2), np.maximum(t, 5)].map(String)).toEqual(
      Array.from({ length: 5 }, () => "int32[]"),
    );
  });
  test("beside a float is a float, whatever made it", () => {
    expect(t.mul(np.array(0.5)).item()).toBe(1.5);
    expect(np.array(0.5).mul(t).item()).toBe(1.5);
    expect(t.mul(np.array(0.1, { dtype: "float64" })).dtype).toBe("float64");
  });
});

test("float32.sub(uint32) is a difference (it was 4294967296), float32.sub(bool) too", () => {
  expect(np.array([0, 1]).sub(uint(0, 1)).toArray()).toEqual([0, 0]);
  expect(np.array([0.5, 1]).sub(bool(true, false)).toArray()).toEqual([-0.5, 1]);
});

test("int32 and uint32 have no dtype in common: the error says astype", () => {
  expect(() => int(1).add(uint(1))).toThrow(
    'np.add: no dtype holds all numbers of int32 and uint32, got int32[1] and uint32[1]. Cast one of them: x.astype("int32").',
  );
  expect(() => np.concatenate([int(1), uint(1)])).toThrow("astype");
  expect(() => np.where(true, int(1), uint(1))).toThrow("astype");
});

test("comparisons with any number are those of the two numbers", () => {
  // numpy 1.24.2: np.array([...], np.int32) < 1.5, np.uint32 > -1, and 2**31 which int32 does not hold.
  expect(int(1, 2).less(1.5).toArray()).toEqual([1, 0]);
  expect(int(16777217).greater(16777216.5).item()).toBe(1);
  expect(uint(0, 5).greater(-1).toArray()).toEqual([1, 1]);
  expect(
    int(5)
      .less(2 ** 31)
      .item(),
  ).toBe(1);
  expect(int(5).greaterEqual(-Infinity).item()).toBe(1);
  expect(int(5).notEqual(NaN).item()).toBe(1);
  expect(np.less(-1, uint(0)).item()).toBe(1);
});

test("whole numbers wrap around modulo 2^32, also where all elements are equal", () => {
  // numpy 1.24.2: np.multiply of np.int32, pow(3, 2**31 - 1, 2**32) = 2863311531 = -1431655765 + 2^32.
  expect(int(2147483647).mul(2147483647).item()).toBe(1);
  expect(np.power(3, int(2147483647)).item()).toBe(-1431655765);
  expect(np.abs(int(-(2 ** 31))).item()).toBe(-(2 ** 31));
  expect(np.negative(uint(1, 0)).toArray()).toEqual([2 ** 32 - 1, 0]);
});

test("division by 0 gives 0 and -2^31 by -1 is -2^31, as in NumPy", () => {
  const [x, y] = [int(5, -(2 ** 31), -7, 0), int(0, -1, 0, 0)];
  expect(np.floorDivide(x, y).toArray()).toEqual([0, -(2 ** 31), 0, 0]);
  expect(x.mod(y).toArray()).toEqual([0, 0, 0, 0]);
  expect(uint(5).mod(uint(0)).item()).toBe(0);
  expect(np.divide(0, np.array([0, 2])).toArray()).toEqual([NaN, 0]);
});

test("shifts by 32 bits and more leave the sign only", () => {
  // numpy 1.24.2: np.right_shift(np.array([-5, 5], np.int32), [32, 40]), np.left_shift likewise.
  expect(np.rightShift(int(-5, 5), int(32, 40)).toArray()).toEqual([-1, 0]);
  expect(np.leftShift(int(-5, 5), int(32, 31)).toArray()).toEqual([0, -(2 ** 31)]);
});

test("rounding whole numbers before the point: ties to even", () => {
  // numpy 1.24.2: np.round(np.array([15, 25, -15, 12, -25], np.int32), -1).
  expect(np.round(int(15, 25, -15, 12, -25), -1).toArray()).toEqual([20, 20, -20, 10, -20]);
});

test("an integer to a negative power is refused where the exponent is known", () => {
  expect(() => np.power(int(2), -1)).toThrow(
    "np.power: the exponent of an integer must be at least 0, got -1.",
  );
});

test("functions of networks and matrices take whole numbers as floats", () => {
  expect(nn.gelu(int(1)).item()).toBeCloseTo(nn.gelu(np.array([1])).item(), 6);
  expect(nn.softmax(int(0, 0)).toArray()).toEqual([0.5, 0.5]);
  expect(nn.relu(int(-1, 2)).toArray()).toEqual([0, 2]);
  // [[4, 2], [2, 6]] has determinant 20 and the Cholesky factor [[2, 0], [1, sqrt 5]].
  const matrix = int(4, 2, 2, 6).reshape([2, 2]);
  expect(linalg.det(matrix).item()).toBeCloseTo(20, 4);
  expect(linalg.cholesky(matrix).slice(1, 1).item()).toBeCloseTo(Math.sqrt(5), 6);
  expect(linalg.solve(matrix, np.array([2, 6], { dtype: "float64" })).toArray()).toEqual([0, 1]);
  expect((lax.erf(int(0)) as Tensor).dtype).toBe("float32");
});
