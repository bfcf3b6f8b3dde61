/** Both sides' eigenvectors, and principal components, by their defining equations. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numbers } from "../diagnostics/testing.ts";
import { eigensystem } from "./eigensystem.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { pca } from "./pca.ts";

const matrix = (rows: number[][]) => ({ size: rows.length, entries: Float64Array.from(rows.flat()) });

/** Largest entry of |A R - R Λ|, of |L' A - Λ L'|, and of |L' R - I|. */
function residuals({ size: n, entries }: { size: number; entries: Float64Array }): number[] {
  const { re, im, right, left } = eigensystem({ size: n, entries });
  const worst = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const sums = [0, 0, 0, 0, 0, 0];
      for (let k = 0; k < n; k++) {
        sums[0]! += entries[i * n + k]! * right.re[k * n + j]!;
        sums[1]! += entries[i * n + k]! * right.im[k * n + j]!;
        sums[2]! += left.re[i * n + k]! * entries[k * n + j]!;
        sums[3]! += left.im[i * n + k]! * entries[k * n + j]!;
        sums[4]! += left.re[i * n + k]! * right.re[k * n + j]! - left.im[i * n + k]! * right.im[k * n + j]!;
        sums[5]! += left.re[i * n + k]! * right.im[k * n + j]! + left.im[i * n + k]! * right.re[k * n + j]!;
      }
      const [r, ri, l, li] = [right.re, right.im, left.re, left.im].map((part) => part[i * n + j]!) as [
        number,
        number,
        number,
        number,
      ];
      worst[0] = Math.max(
        worst[0]!,
        Math.hypot(sums[0]! - (r * re[j]! - ri * im[j]!), sums[1]! - (r * im[j]! + ri * re[j]!)),
      );
      worst[1] = Math.max(
        worst[1]!,
        Math.hypot(sums[2]! - (l * re[i]! - li * im[i]!), sums[3]! - (l * im[i]! + li * re[i]!)),
      );
      worst[2] = Math.max(worst[2]!, Math.hypot(sums[4]! - (i === j ? 1 : 0), sums[5]!));
    }
  }
  return worst;
}

describe("eigensystem", () => {
  test("of random matrices satisfies its equations and agrees with the real QR algorithm", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const m = { size: n, entries: Float64Array.from(numbers(seed, n * n)) };
        const { condition, re, im } = eigensystem(m);
        for (const residual of residuals(m)) expect(residual).toBeLessThan(1e-13 * n * n * condition + 1e-13);
        const wanted = eigenvalues(m);
        const distance = (i: number): number =>
          Math.min(...Array.from(wanted.re, (x, j) => Math.hypot(x - re[i]!, wanted.im[j]! - im[i]!)));
        for (let i = 0; i < n; i++) expect(distance(i)).toBeLessThan(1e-13 * n * condition ** 2 + 1e-13);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test("of a rotation is an exact pair", () => {
    const { re, im, right, condition } = eigensystem(matrix([[0, -0.5], [0.5, 0]])); // prettier-ignore
    expect([...re].map((x) => Math.abs(x))).toEqual([expect.closeTo(0, 15), expect.closeTo(0, 15)]);
    expect([...im]).toEqual([expect.closeTo(0.5, 15), expect.closeTo(-0.5, 15)]);
    expect(right.re[0]).toBe(right.re[1]);
    expect(right.im[2]).toBe(-right.im[3]!);
    expect(condition).toBeCloseTo(1, 12);
  });

  test("of equal eigenvalues with as many vectors has them all", () => {
    const m = matrix([[0.5, 0, 0], [0, 0.5, 0], [1, 2, 0.25]]); // prettier-ignore
    for (const residual of residuals(m)) expect(residual).toBeLessThan(1e-14);
    expect(eigensystem(m).condition).toBeLessThan(100);
  });

  test("of a defective matrix has a condition that says so", () => {
    expect(eigensystem(matrix([[1, 1], [0, 1]])).condition).toBeGreaterThan(1e14); // prettier-ignore
    expect(eigensystem(matrix([[0, 0], [0, 0]])).condition).toBe(1); // prettier-ignore
  });

  test("of a triangular matrix with left and right vectors by hand", () => {
    const { re, right, left } = eigensystem(matrix([[0.9, 1], [0, 0.4]])); // prettier-ignore
    expect([...re]).toEqual([expect.closeTo(0.9, 14), expect.closeTo(0.4, 14)]);
    // Right vectors (1, 0) and (-2, 1) / √5, of which the largest element is made positive.
    expect(right.re[1]).toBeCloseTo(2 / Math.sqrt(5), 14);
    expect(right.re[3]).toBeCloseTo(-1 / Math.sqrt(5), 14);
    [1, 2, 0, -Math.sqrt(5)].forEach((x, k) => expect(left.re[k]).toBeCloseTo(x, 13));
  });
});

describe("pca", () => {
  test("finds the axes of a cloud, in order of their width", () => {
    const axes = [[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]]; // prettier-ignore
    const widths = [3, 1, 0];
    const states = [-1, 1].flatMap((a) =>
      [-1, 1].map((b) =>
        Float64Array.from(
          [0, 1, 2],
          (i) => 5 + a * widths[0]! * axes[0]![i]! + b * widths[1]! * axes[1]![i]!,
        ),
      ),
    );
    const { mean, components, variances, explained, project } = pca(states);
    expect([...mean]).toEqual([5, 5, 5].map((x) => expect.closeTo(x, 13) as number));
    expect([...variances]).toEqual([9, 1, 0].map((x) => expect.closeTo(x, 12) as number));
    expect([...explained]).toEqual([0.9, 1, 1].map((x) => expect.closeTo(x, 12) as number));
    // Signs: the largest element is positive.
    expect([...components[0]!]).toEqual([0.6, 0.8, 0].map((x) => expect.closeTo(x, 12) as number));
    expect([...components[1]!]).toEqual([0.8, -0.6, 0].map((x) => expect.closeTo(x, 12) as number));
    expect(Math.abs(project(states[0]!)[0]!)).toBeCloseTo(3, 12);
  });

  test("refuses to look at nothing", () => {
    expect(() => pca([])).toThrow("at least one state");
  });
});
