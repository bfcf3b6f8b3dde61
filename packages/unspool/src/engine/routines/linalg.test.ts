/** Factorizations and triangular systems against jax-js 0.1.25, bit for bit, and against what defines them. */
import { describe, expect, test } from "vitest";
import * as jax from "@jax-js/jax";
import { type Tensor, linalg, np } from "../../array/index.ts";
import { lift } from "../../array/lift.ts";
import { ModuleBuilder } from "../wasm/index.ts";
import { routines } from "./index.ts";
import { floatTypes, runRoutine, scattered, tracedRoutine } from "./testing.ts";

type Matrix = number[][];

const numbers = (x: Tensor): number[] => Array.from(x.data as Float32Array);

/** The results of the routine in `fn`, which must be its whole program up to views, and those of jax-js. */
function both(
  fn: (...args: never[]) => unknown,
  args: readonly Tensor[],
  lanes = 4,
): { got: number[][]; wanted: number[][] } {
  const { name, params, outputs } = tracedRoutine(fn, args);
  const wanted = [fn(...(args as never[]))].flat() as Tensor[];
  return { got: runRoutine(name, args, outputs, params, lanes), wanted: wanted.map(numbers) };
}

function matrix(values: readonly number[], rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
}

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
}

const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));

/** The largest difference of two matrices. */
function distance(a: Matrix, b: Matrix): number {
  return Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - b[i]![j]!))));
}

const identity = (n: number): Matrix => matrix(numbers(np.eye(n)), n, n);

const eigh = lift(jax.lax.linalg.eigh);

/** D and V of the routine; V and the diagonal of D are those of jax-js. */
function jacobi(a: Tensor): number[][] {
  const decompose = (x: Tensor) => eigh(x, { symmetrizeInput: false, sortEigenvalues: false });
  const { name, params, outputs } = tracedRoutine(decompose, [a]);
  const got = runRoutine(name, [a], outputs, params);
  const [vectors, values] = decompose(a) as [Tensor, Tensor];
  expect(got[1]).toEqual(numbers(vectors));
  const n = a.shape.at(-1)!;
  expect(got[0]!.filter((_, i) => Math.floor(i / n) % n === i % n)).toEqual(numbers(values));
  return got;
}

const sizes = [1, 2, 3, 5, 12, 30];

describe.each(floatTypes)("%s", (dtype) => {
  // Rounding errors of n = 30, relative to elements of about 10.
  const bound = dtype === "float32" ? 2e-5 : 1e-13;

  /** X X^T / n + I / 2. */
  const positive = (n: number, batch: number[] = []): Tensor => {
    const x = scattered([...batch, n, n], dtype);
    return np.matmul(x, np.matrixTranspose(x)).div(n).add(np.eye(n).astype(dtype).mul(0.5));
  };

  test.each(sizes)("cholesky: A = L L^T, n = %i", (n) => {
    for (const lanes of [1, 4, 8]) {
      const a = positive(n, [2]);
      const { got, wanted } = both((x: Tensor) => linalg.cholesky(x), [a], lanes);
      expect(got).toEqual(wanted);
      const l = matrix(got[0]!.slice(n * n), n, n);
      const truth = matrix(numbers(a).slice(n * n), n, n);
      expect(distance(product(l, transpose(l)), truth)).toBeLessThan(bound);
      expect(l.flatMap((row, i) => row.slice(i + 1)).every((x) => x === 0)).toBe(true);
    }
  });

  test("cholesky: NaN where A is not positive definite, 0 pivots of semi-definite ones", () => {
    const indefinite = np.array([[1, 2, 0], [2, 1, 0], [0, 0, 4]], { dtype }); // prettier-ignore
    const { got, wanted } = both((x: Tensor) => linalg.cholesky(x), [indefinite]);
    expect(got).toEqual(wanted);
    expect(got[0]!.slice(3, 5)).toEqual([2, NaN]);
    const zeros = both((x: Tensor) => linalg.cholesky(x), [np.zeros([2, 2], { dtype })]);
    expect(zeros.got).toEqual(zeros.wanted);
  });

  test.each(sizes)("triangular_solve: A X^T = B^T, n = %i", (n) => {
    for (const unitDiagonal of [false, true]) {
      const a = scattered([2, n, n], dtype).div(n).add(np.eye(n).astype(dtype));
      const b = scattered([2, 3, n], dtype, 2);
      // Neither transposes nor flips: the primitive itself.
      const solve = (x: Tensor, y: Tensor) =>
        linalg.triangularSolve(x, y, { leftSide: false, transposeA: true, unitDiagonal });
      const { got, wanted } = both(solve, [a, b]);
      expect(got).toEqual(wanted);
      const upper = matrix(numbers(a).slice(n * n), n, n).map((row, i) =>
        row.map((x, j) => (j < i ? 0 : i === j && unitDiagonal ? 1 : x)),
      );
      const x = matrix(got[0]!.slice(3 * n), 3, n);
      const truth = matrix(numbers(b).slice(3 * n), 3, n);
      expect(distance(product(upper, transpose(x)), transpose(truth))).toBeLessThan(bound);
    }
  });

  test("triangular_solve: a singular matrix gives infinities and NaN", () => {
    const a = np.array([[1, 2], [0, 0]], { dtype }); // prettier-ignore
    const b = np.array([[1, 1], [1, 0]], { dtype }); // prettier-ignore
    const solve = (x: Tensor, y: Tensor) => linalg.triangularSolve(x, y, { transposeA: true });
    const { got, wanted } = both(solve, [a, b]);
    expect(got).toEqual(wanted);
    expect(got[0]).toEqual([-Infinity, Infinity, NaN, NaN]);
  });

  const factorShapes = [...sizes.map((n) => [n, n]), [4, 7], [7, 4], [1, 5], [5, 1]] as [number, number][];
  test.each(factorShapes)("lu: P A = L U, %i x %i", (m, n) => {
    for (const lanes of [1, 4, 8]) {
      const a = scattered([2, m, n], dtype);
      const { got, wanted } = both((x: Tensor) => linalg.lu(x), [a], lanes);
      expect(got).toEqual(wanted);
      const rank = Math.min(m, n);
      const factors = matrix(got[0]!.slice(m * n), m, n);
      const l = factors.map((row, i) =>
        Array.from({ length: rank }, (_, j) => (j < i ? row[j]! : Number(i === j))),
      );
      const u = factors.slice(0, rank).map((row, i) => row.map((x, j) => (j < i ? 0 : x)));
      expect(Math.max(...l.flat().map(Math.abs))).toBe(1);
      const rows = matrix(numbers(a).slice(m * n), m, n);
      const permuted = got[2]!.slice(m).map((i) => rows[i]!);
      expect(distance(product(l, u), permuted)).toBeLessThan(bound);
      got[1]!.slice(rank).forEach((row, i) => ([rows[i], rows[row]] = [rows[row]!, rows[i]!]));
      expect(rows).toEqual(permuted);
    }
  });

  test("lu: ties take the first row, columns of zeros stay, NaN is no pivot but spreads", () => {
    const cases = [
      [[1, 2, 3], [-1, 2, 5], [1, 0, 1]], // prettier-ignore
      [[0, 1, 2], [0, 3, 4], [0, 6, 8]], // prettier-ignore
      [[1, 2, 3], [2, 4, 6], [NaN, 1, 1]], // prettier-ignore
      [[NaN, 2, 3], [2, 4, 6], [4, 1, 1]], // prettier-ignore
      [[0, -0], [-0, 0]], // prettier-ignore
    ];
    for (const rows of cases) {
      const { got, wanted } = both((x: Tensor) => linalg.lu(x), [np.array(rows, { dtype })]);
      expect(got).toEqual(wanted);
    }
  });

  test.each(sizes)("jacobi_eigh: A V = V D, n = %i", (n) => {
    const x = scattered([2, n, n], dtype);
    const a = x.add(np.matrixTranspose(x));
    const [d, v] = jacobi(a).map((all) => matrix(all.slice(n * n), n, n)) as [Matrix, Matrix];
    const diagonal = d.map((row, i) => row.map((y, j) => (i === j ? y : 0)));
    // The rest that the tolerance leaves off the diagonal is below 1e-6 or 1e-12 of the largest element.
    const rest = dtype === "float32" ? 5e-5 : 1e-11;
    const truth = matrix(numbers(a).slice(n * n), n, n);
    expect(distance(product(truth, v), product(v, diagonal))).toBeLessThan(rest);
    expect(distance(product(transpose(v), v), identity(n))).toBeLessThan(rest);
    expect(distance(d, diagonal)).toBeLessThan(rest);
  });

  test("jacobi_eigh: diagonal matrices, equal eigenvalues, NaN, and no sweep at all", () => {
    for (const rows of [
      [[3, 0], [0, -1]], // prettier-ignore
      [[1, 1, 1], [1, 1, 1], [1, 1, 1]], // prettier-ignore
      [[2, 1e-9], [1e-9, 2]], // prettier-ignore
      [[1, 2], [NaN, 1]], // prettier-ignore
      [[1e30, 1], [1, -1e30]], // prettier-ignore
    ]) {
      jacobi(np.array(rows, { dtype }));
    }
    const outputs = [0, 1].map(() => ({ shape: [2, 2], dtype }));
    const a = np.array([[1, 7], [2, 5]], { dtype }); // prettier-ignore
    const still = runRoutine("jacobi_eigh", [a], outputs, { maxSweeps: 0, tolerance: 0 });
    expect(still).toEqual([[1, 0, 2, 5], identity(2).flat()]); // prettier-ignore
  });
});

test("integers are refused by name", () => {
  const shape = { inputs: [[2, 2]], outputs: [[2, 2]], inputStrides: [4], outputStrides: [4] };
  const emit = () => routines.cholesky.emit(new ModuleBuilder(), { dtype: "int32", ...shape }, {});
  expect(emit).toThrow("cholesky: needs float32 or float64, got int32. Convert it with astype.");
});
