/** Linear algebra under attack: scales, zeros, NaN, integers, empty and mixed batches; closed forms and gradients. */
import { describe, expect, test } from "vitest";
import { ShapeError } from "../../errors.ts";
import { type Tensor, jit, linalg, np } from "../index.ts";
import { type ArrayCase, checkArrayCase, floatTypes } from "../testing/contract.ts";

// prettier-ignore
const tall = [[2, 1], [0, 3], [-1, 0.5]];
// prettier-ignore
const square = [[2, 1, 0.5], [-1, 3, 0.25], [0.5, 0, 1]];
/** From iterations and several products: an order of magnitude above rounding. */
const relative = { float32: 1e-4, float64: 1e-10 };

const rotation = (angle: number): number[][] => [
  [Math.cos(angle), -Math.sin(angle)],
  [Math.sin(angle), Math.cos(angle)],
];
// Products of Q and R are the matrix, so a function of both is checked on what it does not decompose back to: |R|².
const sumOfSquares = square.flat().reduce((sum, v) => sum + v * v, 0);

const cases: Record<string, ArrayCase> = {
  // |R| = |A|, a rotation does not change lengths.
  "qr: the length of R": {
    call: (x) => linalg.qr(x)[1].mul(linalg.qr(x)[1]).sum(),
    args: [square],
    value: sumOfSquares,
    relative,
  },
  "qr: R of two columns": {
    // |a| = sqrt 5, (a·b)/|a| = 1.5/sqrt 5, and the rest of b: sqrt(10.25 - 0.45); LAPACK's signs are negative.
    call: (x) => linalg.qr(x)[1],
    args: [tall],
    value: [
      [-Math.sqrt(5), -1.5 / Math.sqrt(5)],
      [0, -Math.sqrt(9.8)],
    ],
    relative,
  },
  "svd: singular values of a diagonal matrix with signs": {
    call: (x) => linalg.svd(x, { computeUv: false }),
    // prettier-ignore
    args: [[[0, -3, 0], [2, 0, 0]]],
    value: [3, 2],
    relative,
  },
  "svd: U diag(s) Vᵀ is the matrix, wide": {
    call: (x) => {
      const [u, s, vt] = linalg.svd(x);
      // Moved by 10: some elements are 0.
      return (np.matmul(u.mul(s), vt) as Tensor).add(10);
    },
    // prettier-ignore
    args: [[[2, 0, -1], [1, 3, 0.5]]],
    // prettier-ignore
    value: [[12, 10, 9], [11, 13, 10.5]],
    relative,
  },
  "pinv: the inverse of a regular matrix": {
    call: (x) => linalg.pinv(x),
    // prettier-ignore
    args: [[[2, 1], [1, 3]]],
    // prettier-ignore
    value: [[0.6, -0.2], [-0.2, 0.4]],
    relative,
  },
  "expm: a rotation": {
    call: (x) => linalg.expm(x),
    // prettier-ignore
    args: [[[0, -1.2], [1.2, 0]]],
    value: rotation(1.2),
    relative,
  },
  "expm: eleven turns, by squaring": {
    call: (x) => linalg.expm(x),
    // prettier-ignore
    args: [[[0, -70], [70, 0]]],
    value: rotation(70),
    relative: { float32: 2e-3, float64: 1e-10 },
    isDifferentiable: false,
  },
  "expm: a nilpotent matrix": {
    call: (x) => linalg.expm(x),
    // prettier-ignore
    args: [[[0, 2, 0], [0, 0, 3], [0, 0, 0]]],
    // prettier-ignore
    value: [[1, 2, 3], [0, 1, 3], [0, 0, 1]],
    relative,
  },
};

describe.each(floatTypes)("%s", (dtype) => {
  test.each(Object.entries(cases))("%s", (_name, row) => checkArrayCase(row, dtype));

  const largest = dtype === "float32" ? 1e30 : 1e200;
  test.each([1, 1 / largest, largest])("singular values, Q, R and eigenvalues at scale %d", (scale) => {
    const on = (rows: number[][]): Tensor =>
      np.array(
        rows.map((row) => row.map((v) => v * scale)),
        { dtype },
      );
    const close = (found: Tensor, expected: number[]): void => {
      for (const [i, value] of expected.entries()) {
        const error = Math.abs(found.data[i]! / scale - value);
        expect(error, `${i}: ${found.data[i]! / scale}, wanted ${value}`).toBeLessThan(
          dtype === "float32" ? 3e-6 : 1e-11,
        );
      }
    };
    // prettier-ignore
    close(linalg.svd(on([[0, 4], [-3, 0], [0, 0]]), { computeUv: false }), [4, 3]);
    // prettier-ignore
    close(linalg.qr(on([[3, 1], [4, 2]]))[1], [-5, -2.2, 0, 0.4]);
    // prettier-ignore
    close(linalg.eigvalsh(on([[2, 1], [1, 2]])), [1, 3]);
  });

  test("small singular values keep their digits, which squares of the matrix would lose", () => {
    const small = dtype === "float32" ? 1e-5 : 1e-11;
    const s = linalg.svd(np.array([[1, 1], [0, small]], { dtype }), { computeUv: false }); // prettier-ignore
    // Product of the singular values: |det| = small; the larger is sqrt 2.
    expect(s.data[1]! / (small / Math.SQRT2)).toBeCloseTo(1, dtype === "float32" ? 1 : 3);
  });

  test("vectors of singular values that are 0 are orthonormal too, also of a matrix of zeros", () => {
    for (const rows of [
      [
        [1, 2],
        [2, 4],
        [3, 6],
      ],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ]) {
      // prettier-ignore
      const [u, s, vt] = linalg.svd(np.array(rows, { dtype }), { fullMatrices: true });
      expect([u.shape, s.shape, vt.shape]).toEqual([[3, 3], [2], [2, 2]]);
      for (const q of [u, vt]) {
        const product = np.matmul(q.transpose(), q).sub(np.eye(q.shape[0]!, q.shape[0], { dtype }));
        expect(Math.max(...product.data.map(Math.abs))).toBeLessThan(dtype === "float32" ? 1e-5 : 1e-11);
      }
    }
  });
});

test("a NaN makes its own matrix of a batch NaN, and no other", () => {
  // prettier-ignore
  const batch = np.array([[[2, 1], [1, 2]], [[NaN, 0], [0, 1]]]);
  const [values, vectors] = linalg.eigh(batch);
  expect(Array.from(values.data.slice(0, 2)).map(Math.round)).toEqual([1, 3]);
  expect(Array.from(values.data.slice(2))).toEqual([NaN, NaN]);
  expect(Array.from(vectors.data.slice(4)).every(Number.isNaN)).toBe(true);
});

test("expm of norms beyond its squarings is NaN in a trace, never a wrong number", () => {
  const x = np.array([[1e7]]);
  expect(jit(linalg.expm)(x).item()).toBeNaN();
  expect(linalg.expm(x).item()).toBe(Infinity);
});

test("empty matrices and empty batches have NumPy's values", () => {
  const none = np.zeros([0, 0]);
  expect(linalg.det(none).item()).toBe(1);
  expect(linalg.inv(none).shape).toEqual([0, 0]);
  expect(linalg.det(np.zeros([0, 2, 2])).shape).toEqual([0]);
  expect(linalg.cholesky(np.zeros([0, 2, 2])).shape).toEqual([0, 2, 2]);
  expect(linalg.eigh(np.zeros([0, 2, 2])).map((part) => part.shape)).toEqual([[0, 2], [0, 2, 2]]); // prettier-ignore
  expect(linalg.solve(np.zeros([0, 2, 2]), np.zeros([0, 2, 3])).shape).toEqual([0, 2, 3]);
  expect(linalg.svd(np.zeros([3, 0])).map((part) => part.shape)).toEqual([[3, 0], [0], [0, 0]]);
  expect(linalg.pinv(np.zeros([3, 0])).shape).toEqual([0, 3]);
  expect(linalg.qr(np.zeros([3, 0])).map((part) => part.shape)).toEqual([
    [3, 0],
    [0, 0],
  ]);
});

test("vectors, matrices that are not square, and right-hand sides that do not fit are named", () => {
  const wide = np.zeros([2, 3]);
  for (const name of ["det", "inv", "cholesky", "eigh", "eigvalsh", "slogdet", "expm", "eigvals"] as const) {
    expect(() => linalg[name](wide), name).toThrow(ShapeError);
    expect(() => linalg[name](np.zeros([3])), name).toThrow(ShapeError);
  }
  expect(() => linalg.solve(np.eye(2), np.zeros([3]))).toThrow(/needs 2 rows/);
  expect(() => linalg.lstsq(wide, np.zeros([3]))).toThrow(ShapeError);
  expect(() => linalg.norm(np.zeros([2, 2, 2]), { ord: 1 })).toThrow(/name one axis/);
});

test("mixed dtypes are solved in the wider one", () => {
  const a = np.array([[2, 0], [0, 4]], { dtype: "int32" }); // prettier-ignore
  const x = linalg.solve(a, np.array([1, 1], { dtype: "float64" }));
  expect([x.dtype, ...x.data]).toEqual(["float64", 0.5, 0.25]);
});
