/** Eigenvalues of matrices that are hard on QR steps: defective, nilpotent, many equal, heavy-ball blocks. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eigenvalues } from "./eigenvalues.ts";
import type { SquareMatrix } from "./squareMatrix.ts";
import { numbers } from "../diagnostics/testing.ts";

function matrixOf(size: number, at: (i: number, j: number) => number): SquareMatrix {
  return {
    size,
    entries: Float64Array.from({ length: size * size }, (_, k) => at(Math.floor(k / size), k % size)),
  };
}

/** Sum of the k-th powers, k = 1 or 2, from the eigenvalues and from the matrix. */
function powerSums(m: SquareMatrix): { found: number[]; wanted: number[]; scale: number } {
  const { size: n, entries } = m;
  const { re, im } = eigenvalues(m);
  let [trace, squares, scale] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    trace += entries[i * n + i]!;
    for (let j = 0; j < n; j++) {
      squares += entries[i * n + j]! * entries[j * n + i]!;
      scale += entries[i * n + j]! ** 2;
    }
  }
  const sum = re.reduce((total, x) => total + x, 0);
  return {
    found: [sum, re.reduce((total, x, i) => total + x * x - im[i]! ** 2, 0)],
    wanted: [trace, squares],
    scale,
  };
}

function expectPowerSums(m: SquareMatrix): void {
  const { found, wanted, scale } = powerSums(m);
  expect(Math.abs(found[0]! - wanted[0]!)).toBeLessThan(1e-12 * m.size * Math.sqrt(scale) + 1e-300);
  expect(Math.abs(found[1]! - wanted[1]!)).toBeLessThan(1e-12 * m.size * scale + 1e-300);
}

/** Curvature of soft springs between few of `points` points in the plane: sparse, singular, of both signs. */
function curvature(points: number, contacts: number, seed: number): SquareMatrix {
  const n = 2 * points;
  const entries = new Float64Array(n * n);
  const draws = numbers(seed, 5 * contacts);
  for (let c = 0; c < contacts; c++) {
    const [a, b, angle, along, across] = draws.subarray(5 * c, 5 * c + 5);
    const [i, j] = [a!, b!].map((x) => Math.floor(Math.abs(x) * 1e4) % points) as [number, number];
    const [x, y] = [Math.cos(3 * angle!), Math.sin(3 * angle!)];
    const [k, pre] = [Math.abs(along!), -0.2 * Math.abs(across!)];
    // Stiffness along the contact, and the negative one of its pressure across it.
    const block = [k * x * x + pre * y * y, (k - pre) * x * y, (k - pre) * x * y, k * y * y + pre * x * x];
    if (i === j) continue;
    for (const [from, to, sign] of [
      [i, i, 1],
      [j, j, 1],
      [i, j, -1],
      [j, i, -1],
    ] as const) {
      // prettier-ignore
      block.forEach((value, at) => {
        entries[(2 * from + (at >> 1)) * n + 2 * to + (at % 2)]! += sign * value;
      });
    }
  }
  return { size: n, entries };
}

/** Heavy ball on a quadratic: [[(1 + b) I - a H, -b I], [I, 0]]. */
function heavyBall({ size: n, entries }: SquareMatrix, a: number, b: number): SquareMatrix {
  return matrixOf(2 * n, (i, j) => {
    if (i >= n) return Number(j === i - n);
    if (j >= n) return j - n === i ? -b : 0;
    return (i === j ? 1 + b : 0) - a * entries[i * n + j]!;
  });
}

/** The same in positions and velocities: [[I - a H, b I], [-a H, b I]]. */
function heavyBallVelocities({ size: n, entries }: SquareMatrix, a: number, b: number): SquareMatrix {
  return matrixOf(2 * n, (i, j) => {
    const [row, column] = [i % n, j % n];
    const isSame = row === column;
    if (j >= n) return isSame ? b : 0;
    return (i < n && isSame ? 1 : 0) - a * entries[row * n + column]!;
  });
}

describe("eigenvalues of heavy ball", () => {
  test("are the roots of z² - (1 + b - a h) z + b for the curvatures h, zeros and equal ones among them", () => {
    // 6 equal curvatures, 10 zeros, 16 others, on the diagonal.
    const spectrum = Array.from({ length: 32 }, (_, i) => (i < 6 ? 2 : i < 16 ? 0 : 0.2 * i));
    const curvatures = matrixOf(32, (i, j) => (i === j ? spectrum[i]! : 0));
    const [a, b] = [0.5, 0.9];
    for (const form of [heavyBall, heavyBallVelocities]) {
      const { re, im } = eigenvalues(form(curvatures, a, b));
      const wanted = spectrum.map((h) => 1 + b - a * h);
      // A root's z + b/z is the trace of its pair.
      const traces = Array.from(re, (x, i) => x + (b * x) / (x * x + im[i]! ** 2)).toSorted((p, q) => p - q);
      wanted
        .flatMap((trace) => [trace, trace])
        .toSorted((p, q) => p - q)
        .forEach((trace, i) => expect(traces[i]).toBeCloseTo(trace, 10));
    }
  });

  test("converge for soft disks, where most of the curvatures are zero or repeated", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 16 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 1e6 }),
        (points, contacts, seed) => {
          const h = curvature(points, contacts, seed);
          for (const m of [h, heavyBall(h, 0.5, 0.9), heavyBallVelocities(h, 0.5, 0.9)]) expectPowerSums(m);
        },
      ),
      { numRuns: 30, seed: 3 },
    );
  });
});

describe("eigenvalues of special matrices", () => {
  test("Jordan blocks and nilpotent matrices, dressed by a permutation", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0, 1, -0.5, 1e-9),
        fc.integer({ min: 1, max: 1e6 }),
        (n, value, seed) => {
          const order = [...numbers(seed, n).entries()].toSorted((p, q) => p[1] - q[1]).map(([i]) => i);
          const jordan = (i: number, j: number): number => (i === j ? value : Number(j === i + 1));
          const dressed = matrixOf(n, (i, j) => jordan(order[i]!, order[j]!));
          const { re, im } = eigenvalues(dressed);
          // Rounding moves an n-fold defective eigenvalue by about epsilon^(1/n).
          const tolerance = 4 * (n * 2 ** -52) ** (1 / n);
          for (let i = 0; i < n; i++) expect(Math.hypot(re[i]! - value, im[i]!)).toBeLessThan(tolerance);
          expectPowerSums(dressed);
        },
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  test("permutations: all on the unit circle", () => {
    for (let n = 1; n <= 40; n++) {
      const order = [...numbers(n, n).entries()].toSorted((p, q) => p[1] - q[1]).map(([i]) => i);
      const permutation = matrixOf(n, (i, j) => Number(order[i] === j));
      const { re, im } = eigenvalues(permutation);
      re.forEach((x, i) => expect(Math.hypot(x, im[i]!)).toBeCloseTo(1, 10));
      expectPowerSums(permutation);
    }
  });

  test("zeros, ones, blocks of zeros, and dense nilpotent matrices", () => {
    for (const n of [1, 2, 3, 7, 30]) {
      expect([...eigenvalues(matrixOf(n, () => 0)).re]).toEqual(Array.from({ length: n }, () => 0));
      const ones = eigenvalues(matrixOf(n, () => 1));
      expect(ones.re[0]).toBeCloseTo(n, 11);
      for (const x of ones.re.slice(1)) expect(Math.abs(x)).toBeLessThan(1e-12 * n);
      const draws = numbers(n, n * n);
      expectPowerSums(matrixOf(n, (i, j) => (j > i ? draws[i * n + j]! : 0)));
      // (x y') with y'x = 0 squares to zero.
      const [x, y] = [draws.subarray(0, n), numbers(n + 1000, n)];
      const dot = x.reduce((sum, value, i) => sum + value * y[i]!, 0);
      const square = x.reduce((sum, value) => sum + value * value, 0);
      expectPowerSums(matrixOf(n, (i, j) => x[i]! * (y[j]! - (dot / square) * x[j]!)));
    }
  });

  test("of any size of number: scaling the matrix scales the eigenvalues", () => {
    const n = 9;
    const draws = numbers(4, n * n);
    const plain = eigenvalues(matrixOf(n, (i, j) => draws[i * n + j]!));
    for (const scale of [2 ** 900, 2 ** -900]) {
      const scaled = eigenvalues(matrixOf(n, (i, j) => scale * draws[i * n + j]!));
      expect([...scaled.re]).toEqual([...plain.re].map((x) => x * scale));
      expect([...scaled.im]).toEqual([...plain.im].map((x) => x * scale));
    }
  });

  test("rows of very different size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 24 }), fc.integer({ min: 1, max: 1e6 }), (n, seed) => {
        const draws = numbers(seed, n * n);
        expectPowerSums(matrixOf(n, (i, j) => draws[i * n + j]! * 10 ** (-12 * (i % 5))));
      }),
      { numRuns: 40, seed: 9 },
    );
  });
});
