/** Eigenvalues and singular values against what is known of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OptionError } from "../errors.ts";
import { jacobianSpectrum } from "./index.ts";
import { type SquareMatrix, eigenvalues, singularValues } from "../numerics/index.ts";
import { numbers } from "./testing.ts";

const matrix = (rows: readonly (readonly number[])[]): SquareMatrix => ({
  size: rows.length,
  entries: Float64Array.from(rows.flat()),
});

function times(a: SquareMatrix, b: SquareMatrix): SquareMatrix {
  const n = a.size;
  const entries = Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a.entries[Math.floor(at / n) * n + k]! * b.entries[k * n + (at % n)]!;
    return sum;
  });
  return { size: n, entries };
}

const transposed = ({ size: n, entries }: SquareMatrix): SquareMatrix => ({
  size: n,
  entries: entries.map((_, at) => entries[(at % n) * n + Math.floor(at / n)]!),
});

/** A product of n reflections: orthogonal. */
function orthogonal(n: number, seed: number): SquareMatrix {
  let q: SquareMatrix = matrix(
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(i === j))),
  );
  for (let k = 0; k < n; k++) {
    const v = numbers(seed + k, n);
    const squares = v.reduce((sum, x) => sum + x * x, 0);
    const entries = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return Number(i === j) - (2 * v[i]! * v[j]!) / squares;
    });
    q = times({ size: n, entries }, q);
  }
  return q;
}

const sizeAndSeed = [fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 1e6 })] as const;
const runs = { numRuns: 40, seed: 11 };

describe("eigenvalues", () => {
  test("of a companion matrix are the roots of its polynomial", () => {
    // (x - 3)(x + 2)(x - 0.5)(x² - 2x + 5): coefficients by expansion below.
    const factors = [[-3, 1], [2, 1], [-0.5, 1], [5, -2, 1]]; // prettier-ignore
    const polynomial = factors.reduce(
      (product, factor) => {
        const next = Array.from({ length: product.length + factor.length - 1 }, () => 0);
        product.forEach((a, i) => factor.forEach((b, j) => (next[i + j]! += a * b)));
        return next;
      },
      [1],
    );
    const n = polynomial.length - 1;
    const companion = matrix(
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (__, j) => (j === n - 1 ? -polynomial[i]! : Number(i === j + 1))),
      ),
    );
    const { re, im } = eigenvalues(companion);
    const wanted = [[3, 0], [1, 2], [1, -2], [-2, 0], [0.5, 0]]; // prettier-ignore
    wanted.forEach(([x, y], k) => {
      expect(re[k]).toBeCloseTo(x!, 12);
      expect(im[k]).toBeCloseTo(y!, 12);
    });
  });

  test("survive similarity transforms", () => {
    fc.assert(
      fc.property(...sizeAndSeed, (n, seed) => {
        // Distinct eigenvalues 1, 2, …, n on the diagonal of a triangular matrix, turned by an orthogonal one.
        const triangular = matrix(
          Array.from({ length: n }, (_, i) => {
            const row = numbers(seed + 1000 * i, n);
            return Array.from({ length: n }, (__, j) => (j === i ? i + 1 : j > i ? 0.3 * row[j]! : 0));
          }),
        );
        const q = orthogonal(n, seed);
        const { re, im } = eigenvalues(times(times(q, triangular), transposed(q)));
        for (let k = 0; k < n; k++) {
          expect(Math.abs(re[k]! - (n - k))).toBeLessThan(1e-6);
          expect(Math.abs(im[k]!)).toBeLessThan(1e-6);
        }
      }),
      runs,
    );
  });

  test("sum to the trace and multiply to the determinant, in pairs", () => {
    fc.assert(
      fc.property(...sizeAndSeed, (n, seed) => {
        const a: SquareMatrix = { size: n, entries: numbers(seed, n * n) };
        const { re, im } = eigenvalues(a);
        const trace = Array.from({ length: n }, (_, i) => a.entries[i * n + i]!).reduce((x, y) => x + y);
        expect(re.reduce((x, y) => x + y)).toBeCloseTo(trace, 10);
        expect(im.reduce((x, y) => x + y)).toBeCloseTo(0, 10);
        const logModulus = re.reduce((sum, x, i) => sum + Math.log(Math.hypot(x, im[i]!)), 0);
        const logSingular = singularValues(a).reduce((sum, x) => sum + Math.log(x), 0);
        // |det A| both ways: the product of the moduli and of the singular values.
        expect(logModulus).toBeCloseTo(logSingular, 7);
      }),
      runs,
    );
  });

  test("of an orthogonal matrix lie on the unit circle", () => {
    for (const n of [2, 7, 30]) {
      const { modulus, singularValues: sigma } = jacobianSpectrum(orthogonal(n, 5));
      for (const value of [...modulus, ...sigma]) expect(value).toBeCloseTo(1, 11);
    }
  });

  test("of special matrices: zeros, a Jordan block, a cyclic shift, badly scaled", () => {
    expect([...eigenvalues(matrix([[0, 0], [0, 0]])).re]).toEqual([0, 0]); // prettier-ignore
    const jordan = eigenvalues(matrix([[2, 1, 0], [0, 2, 1], [0, 0, 2]])); // prettier-ignore
    for (const value of jordan.re) expect(value).toBeCloseTo(2, 12);
    // A cyclic shift has the n-th roots of unity; it is a fixed point of QR steps with symmetric shifts.
    const n = 8;
    const shift = matrix(
      Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(j === (i + 1) % n))),
    );
    const { re, im } = eigenvalues(shift);
    const angles = [...re].map((x, i) => (Math.atan2(im[i]!, x) * n) / (2 * Math.PI));
    expect(
      angles
        .map(Math.round)
        .map((k) => (k + n) % n)
        .toSorted(),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const k of angles) expect(Math.abs(k - Math.round(k))).toBeLessThan(1e-12);
    const scaled = eigenvalues(matrix([[1, 1e12], [1e-12, 1]])); // prettier-ignore
    expect(scaled.re[0]).toBeCloseTo(2, 12);
    expect(scaled.re[1]).toBeCloseTo(0, 12);
  });

  test("of a matrix of 100 rows, against its trace and the trace of its square", () => {
    const n = 100;
    const a: SquareMatrix = { size: n, entries: numbers(3, n * n) };
    const { re, im } = eigenvalues(a);
    const trace = (m: SquareMatrix) =>
      Array.from({ length: n }, (_, i) => m.entries[i * n + i]!).reduce((x, y) => x + y);
    expect(re.reduce((x, y) => x + y)).toBeCloseTo(trace(a), 9);
    expect(re.reduce((sum, x, i) => sum + x * x - im[i]! ** 2, 0)).toBeCloseTo(trace(times(a, a)), 8);
  });
});

describe("singular values", () => {
  test("of U diag(sigma) V' are sigma, small ones too", () => {
    fc.assert(
      fc.property(...sizeAndSeed, (n, seed) => {
        const diagonal = matrix(
          Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 2 ** -i : 0))),
        );
        const found = singularValues(times(times(orthogonal(n, seed), diagonal), orthogonal(n, seed + 77)));
        // Rounding of the product itself: a few 1e-15 of the largest.
        found.forEach((value, i) => expect(Math.abs(value - 2 ** -i)).toBeLessThan(1e-13));
      }),
      runs,
    );
  });
  test("of rows of very different size keep their relative digits", () => {
    // Columns (1, 0) and (1, 1e-20): sigma_1 = sqrt 2, sigma_2 = 1e-20 / sqrt 2; A'A would lose the second.
    const [first, second] = singularValues(matrix([[1, 1], [0, 1e-20]])); // prettier-ignore
    expect(first).toBeCloseTo(Math.SQRT2, 14);
    expect(second! * 1e20).toBeCloseTo(Math.SQRT1_2, 12);
  });
});

describe("jacobianSpectrum", () => {
  test("tells eigenvalues, singular values and numerical abscissa of a matrix that is not normal", () => {
    const { spectralRadius, singularValues: sigma, numericalAbscissa } = jacobianSpectrum(matrix([[0.9, 5], [0, 0.9]])); // prettier-ignore
    expect(spectralRadius).toBeCloseTo(0.9, 12);
    // numpy.linalg.svd.
    expect(sigma[0]).toBeCloseTo(5.1570660511, 9);
    // (A + A')/2 has 0.9 on the diagonal and 2.5 beside it.
    expect(numericalAbscissa).toBeCloseTo(3.4, 12);
  });
  test("of heavy ball: square root of the momentum while the pair is complex", () => {
    // [[1 + b - a lam, -b], [1, 0]] with step a, momentum b, curvature lam.
    const radius = (a: number, b: number, lam: number) =>
      jacobianSpectrum(matrix([[1 + b - a * lam, -b], [1, 0]])).spectralRadius; // prettier-ignore
    expect(radius(1, 0.9, 4)).toBeCloseTo(1.5, 12);
    for (const lam of [0.5, 2, 4]) expect(radius(0.5, 0.9, lam)).toBeCloseTo(0.948683298051, 12);
  });
  test("checks its matrix", () => {
    expect(() => jacobianSpectrum({ size: 2, entries: new Float64Array(3) })).toThrow(OptionError);
    expect(() => jacobianSpectrum(matrix([[NaN]]))).toThrow(OptionError);
  });
});
