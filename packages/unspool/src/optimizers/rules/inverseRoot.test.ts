/** Inverse roots against matrix products, and their derivatives against differences. */
import { expect, test } from "vitest";
import { type Tensor, grad, jvp, np, vmap } from "../../array/index.ts";
import { inverseRoot } from "./inverseRoot.ts";
import { expectClose, f64, numbers } from "../testing.ts";

/** x xᵀ + shift · I: all eigenvalues but one are equal. */
const matrixOf = (x: Tensor, shift: number): Tensor =>
  np.outer(x, x).add(np.eye(x.size, x.size, { dtype: x.dtype }).mul(shift));

test("a fourth power of A^-1/4 is the inverse", () => {
  const matrix = np.array([4, 1, 0.5, 1, 3, -1, 0.5, -1, 2], { dtype: "float64", shape: [3, 3] });
  const quarter = inverseRoot(matrix, 1 / 4, 1e-12);
  const half = np.matmul(quarter, quarter);
  expectClose(np.matmul(np.matmul(half, half), matrix), [1, 0, 0, 0, 1, 0, 0, 0, 1], 1e-12);
});

test("small matrices are decomposed as exactly as large ones", () => {
  const matrix = np.array([2, 1, 1, 2], { dtype: "float64", shape: [2, 2] });
  const [root, small] = [matrix, matrix.mul(1e-10)].map((a) => inverseRoot(a, 1 / 2, 1e-20));
  expectClose(small!.mul(1e-5), numbers(root), 1e-12);
});

test("eigenvalues below the floor count as the floor", () => {
  const matrix = np.array([1e-9, 0, 0, 4], { dtype: "float64", shape: [2, 2] });
  expectClose(inverseRoot(matrix, 1 / 2, 1e-4), [100, 0, 0, 0.5]);
});

test("derivatives are those of differences, forward and backward, with equal eigenvalues", () => {
  // Weights that are not symmetric under the rotations that leave the matrix alone.
  const weights = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10], { dtype: "float64", shape: [3, 3] });
  const value = (x: Tensor): Tensor =>
    inverseRoot(matrixOf(x, 0.01), 1 / 4, 1e-6)
      .mul(weights)
      .sum();
  const [at, h] = [[1, -2, 0.5], 1e-5];
  const points = [1, -1].flatMap((sign) => at.map((_, i) => at.map((x, j) => (i === j ? x + sign * h : x))));
  const values = numbers(vmap(value)(np.stack(points.map((x) => f64(x)))));
  const differences = at.map((_, i) => (values[i]! - values[i + 3]!) / (2 * h));
  expectClose(grad(value)(f64(at)), differences, 1e-7);
  const [, slope] = jvp(value, [f64(at)], [f64([1, 0, 0])]) as [Tensor, Tensor];
  expectClose(slope, [differences[0]!], 1e-7);
});

test("a multiple of the identity has the derivative -q a^(-q-1)", () => {
  const value = (a: Tensor): Tensor =>
    np.trace(inverseRoot(np.eye(3, 3, { dtype: "float64" }).mul(a), 1 / 4, 1e-6));
  expectClose(grad(value)(f64(16)), [(-3 / 4) * 16 ** -1.25], 1e-12);
  expect(numbers(value(f64(16)))[0]).toBeCloseTo(1.5, 12);
});
