import { expect, test } from "vitest";
import { symmetricEigensystem } from "./symmetricEigensystem.ts";

/** A symmetric matrix of numbers in -1 to 1 from a linear congruential generator. */
function matrix(n: number, rank = n): Float64Array {
  let seed = 12345;
  const next = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 31 - 1;
  const factor = Float64Array.from({ length: n * rank }, next);
  const entries = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < rank; k++) {
        entries[i * n + j]! += factor[i * rank + k]! * factor[j * rank + k]! * (k % 2 === 0 ? 1 : -0.3);
      }
    }
  }
  return entries;
}

const worst = (values: Iterable<number>): number => Math.max(0, ...[...values].map(Math.abs));

test.each([
  [1, 1],
  [2, 2],
  [3, 1],
  [6, 6],
  [7, 7],
  [40, 6],
  [64, 5],
  [65, 65],
])("%d rows of rank %d: A v = lambda v, vectors are orthonormal, values rise", (n, rank) => {
  const entries = matrix(n, rank);
  const { values, vectors } = symmetricEigensystem({ size: n, entries });
  const scale = worst(entries) * n;
  const residuals: number[] = [];
  const products: number[] = [];
  for (let v = 0; v < n; v++) {
    for (let i = 0; i < n; i++) {
      let sum = -values[v]! * vectors[v * n + i]!;
      let product = v === i ? -1 : 0;
      for (let j = 0; j < n; j++) {
        sum += entries[i * n + j]! * vectors[v * n + j]!;
        product += vectors[v * n + j]! * vectors[i * n + j]!;
      }
      residuals.push(sum);
      products.push(product);
    }
  }
  expect(worst(residuals)).toBeLessThan(1e-14 * scale);
  expect(worst(products)).toBeLessThan(1e-13);
  expect([...values]).toEqual([...values].toSorted((a, b) => a - b));
  expect([...values].filter((x) => Math.abs(x) > 1e-13 * scale)).toHaveLength(rank);
});

test("the second difference matrix has the eigenvalues 2 - 2 cos(pi k / (n + 1))", () => {
  const n = 20;
  const entries = Float64Array.from({ length: n * n }, (_, at) => {
    const distance = Math.abs(Math.floor(at / n) - (at % n));
    return distance === 0 ? 2 : distance === 1 ? -1 : 0;
  });
  const { values } = symmetricEigensystem({ size: n, entries });
  values.forEach((value, k) =>
    expect(value).toBeCloseTo(2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)), 13),
  );
});

test("a diagonal matrix, and one of zeros, are their own answer", () => {
  expect([
    ...symmetricEigensystem({ size: 3, entries: Float64Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2) }).values,
  ]).toEqual([1, 2, 3]);
  expect([...symmetricEigensystem({ size: 2, entries: new Float64Array(4) }).values]).toEqual([0, 0]);
  expect(symmetricEigensystem({ size: 0, entries: new Float64Array(0) }).values).toHaveLength(0);
});

test("an element that is not finite is named", () => {
  expect(() => symmetricEigensystem({ size: 2, entries: Float64Array.of(1, 0, NaN, 1) })).toThrow(
    "element 1, 0 of the matrix [2, 2] is NaN",
  );
});

test("a product of Pauli matrices, whose rows are tridiagonal in between, has the eigenvalues 1 and -1 only", () => {
  // [[Re, -Im], [Im, Re]] of X ⊗ Y: a row that needs no reflection comes after one that was reflected.
  const n = 8;
  const entries = new Float64Array(n * n);
  const put = (i: number, j: number, value: number): void => void (entries[i * n + j] = value);
  for (const [i, j, value] of [
    [0, 3, -1],
    [1, 2, 1],
    [2, 1, -1],
    [3, 0, 1],
  ] as const) {
    put(i, 4 + j, -value);
    put(4 + i, j, value);
  }
  const { values } = symmetricEigensystem({ size: n, entries });
  values.forEach((value, k) => expect(value).toBeCloseTo(k < 4 ? -1 : 1, 14));
});
