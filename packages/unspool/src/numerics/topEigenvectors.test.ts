/** Eigenvectors of symmetric matrices, small and large, and orthonormal bases. */
import { expect, test } from "vitest";
import { dot, orthonormalColumns } from "./orthonormalColumns.ts";

import { falling, topEigenvectors } from "./topEigenvectors.ts";

/** H diag(values) H with H = I - 2 v vᵀ / |v|²: eigenvectors are the columns of H. */
function householder(values: readonly number[]): { matrix: Float64Array; columns: Float64Array[] } {
  const n = values.length;
  const v = Float64Array.from({ length: n }, (_, i) => i + 1);
  const square = dot(v, v);
  const columns = values.map((_, k) =>
    Float64Array.from({ length: n }, (__, i) => (i === k ? 1 : 0) - (2 * v[i]! * v[k]!) / square),
  );
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      matrix[i * n + j] = values.reduce((sum, x, k) => sum + x * columns[k]![i]! * columns[k]![j]!, 0);
  return { matrix, columns };
}

test("of a small matrix, by rotations", () => {
  const { matrix, columns } = householder([1, 5, 3]);
  const { values, vectors } = falling(matrix, 3);
  [5, 3, 1].forEach((value, k) => expect(values[k]!).toBeCloseTo(value, 13));
  [1, 2, 0].forEach((k, i) => expect(Math.abs(dot(vectors[i]!, columns[k]!))).toBeCloseTo(1, 13));
});

test("of a matrix of 150 rows, by iteration of a block: with a small gap, and a value that comes twice", () => {
  const spectrum = [10, 9, 9, 8.2, 8.1, ...Array.from({ length: 145 }, (_, k) => 7 * 0.97 ** k)];
  const { matrix, columns } = householder(spectrum);
  const { values, vectors } = topEigenvectors(matrix, 150, 5);
  spectrum.slice(0, 5).forEach((value, k) => expect(values[k]!).toBeCloseTo(value, 11));
  for (const k of [0, 3, 4]) expect(Math.abs(dot(vectors[k]!, columns[k]!))).toBeCloseTo(1, 10);
  // Of the double value the space is unique: each vector lies in that of columns 1 and 2.
  for (const k of [1, 2])
    expect(dot(vectors[k]!, columns[1]!) ** 2 + dot(vectors[k]!, columns[2]!) ** 2).toBeCloseTo(1, 10);
});

test("of a matrix of rank 2, other values are 0", () => {
  const { matrix } = householder([4, 2, ...Array<number>(118).fill(0)]);
  const { values } = topEigenvectors(matrix, 120, 4);
  [4, 2, 0, 0].forEach((value, k) => expect(values[k]!).toBeCloseTo(value, 12));
});

test("a basis leaves out what is spanned already, and keeps nearly parallel vectors orthogonal", () => {
  const [a, b] = [Float64Array.of(1, 1, 0), Float64Array.of(1, 1 + 1e-9, 0)];
  const basis = orthonormalColumns([a, Float64Array.of(2, 2, 0), b, new Float64Array(3)]);
  expect(basis).toHaveLength(2);
  expect(Math.abs(dot(basis[0]!, basis[1]!))).toBeLessThan(1e-15);
});
