/** Packed matrix products against sums in float64, over shapes that leave rests and layouts of both sides. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { compileFunction } from "../compileFunction.ts";

type FloatType = "float32" | "float64";

/** Entry (i, j) of the product of [rows, summed] and [summed, columns]. */
function product(x: Tensor, y: Tensor): number[] {
  const [rows, summed, columns] = [x.shape[0]!, x.shape[1]!, y.shape[1]!];
  return Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < summed; k++) sum += x.data[i * summed + k]! * y.data[k * columns + j]!;
    return sum;
  });
}

const normal = (seed: number, shape: number[], dtype: FloatType): Tensor =>
  random.normal(random.key(seed), shape).astype(dtype);

const transposed = (x: Tensor): Tensor => {
  const [rows, columns] = x.shape as [number, number];
  const data = x.data.map((_, at) => x.data[(at % rows) * columns + Math.floor(at / rows)]!);
  return np.array(data, { shape: [columns, rows], dtype: x.dtype });
};

function expectClose(got: Tensor, wanted: number[], dtype: FloatType): void {
  const scale = Math.max(...wanted.map(Math.abs));
  // Rounding of the sums, relative to the largest one: the square root of 600 terms times a few units.
  const relative = dtype === "float32" ? 4e-6 : 1e-14;
  wanted.forEach((value, i) => expect(Math.abs(got.data[i]! - value) / scale).toBeLessThan(relative));
}

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test.each([
    [8, 16, 16],
    [9, 300, 21],
    [33, 50, 37],
    [64, 257, 130],
    [11, 600, 70],
    [10, 33, 19],
  ])(
    "%d by %d times %d columns, each side as it lies and transposed",
    { tags: ["long"] },
    (rows, summed, columns) => {
      const [x, y] = [normal(1, [rows, summed], dtype), normal(2, [summed, columns], dtype)];
      const wanted = product(x, y);
      for (const isLeft of [false, true]) {
        for (const isRight of [false, true]) {
          const args = [isLeft ? transposed(x) : x, isRight ? transposed(y) : y] as [Tensor, Tensor];
          const multiply = compileFunction(
            "multiply",
            (a: Tensor, b: Tensor) => np.matmul(isLeft ? a.transpose() : a, isRight ? b.transpose() : b),
            args,
          );
          expectClose(multiply(...args), wanted, dtype);
        }
      }
    },
  );
  test("the transpose of a product, and a batch of products", () => {
    const [x, y] = [normal(1, [40, 70], dtype), normal(2, [70, 24], dtype)];
    const flipped = compileFunction("flipped", (a: Tensor, b: Tensor) => np.matmul(a, b).transpose(), [x, y]);
    expectClose(transposed(flipped(x, y)), product(x, y), dtype);
    const [stack, other] = [normal(3, [3, 12, 40], dtype), normal(4, [3, 40, 18], dtype)];
    const batch = compileFunction("batch", (a: Tensor, b: Tensor) => np.matmul(a, b), [stack, other]);
    const wanted = [0, 1, 2].flatMap((i) => {
      const part = (from: Tensor) =>
        np.array(from.data.slice((i * from.size) / 3, ((i + 1) * from.size) / 3), {
          shape: from.shape.slice(1),
        });
      return product(part(stack), part(other));
    });
    expectClose(batch(stack, other), wanted, dtype);
  });
  test("a product and its transpose, both used", () => {
    const x = normal(5, [20, 20], dtype);
    const both = compileFunction(
      "both",
      (a: Tensor) => {
        const square = np.matmul(a, a);
        return square.add(square.transpose());
      },
      [x],
    );
    const square = product(x, x);
    const wanted = square.map((value, at) => value + square[(at % 20) * 20 + Math.floor(at / 20)]!);
    expectClose(both(x), wanted, dtype);
  });
});
