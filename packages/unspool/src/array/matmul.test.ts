/** np.matmul against a plain loop over NumPy's definition, over random ranks and broadcast batch axes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, grad, jit, np, vmap } from "./index.ts";
import { weights } from "./testing/contract.ts";

type Shape = readonly number[];
const sizeOf = (shape: Shape) => shape.reduce((product, length) => product * length, 1);

/** NumPy's rule: 1-D operands become a row or a column, batch axes broadcast, the added axes are removed. */
function reference(
  x: Float64Array,
  xShape: Shape,
  y: Float64Array,
  yShape: Shape,
): { shape: number[]; data: number[] } {
  const a = xShape.length === 1 ? [1, ...xShape] : [...xShape];
  const b = yShape.length === 1 ? [...yShape, 1] : [...yShape];
  const [m, k, n] = [a.at(-2)!, a.at(-1)!, b.at(-1)!];
  const rank = Math.max(a.length, b.length) - 2;
  const batchOf = (shape: Shape) => [
    ...Array<number>(rank - shape.length + 2).fill(1),
    ...shape.slice(0, -2),
  ];
  const [aBatch, bBatch] = [batchOf(a), batchOf(b)];
  const batch = aBatch.map((length, i) => Math.max(length, bBatch[i]!));
  const data: number[] = [];
  for (let flat = 0; flat < sizeOf(batch); flat++) {
    let [rest, offsetA, offsetB, strideA, strideB] = [flat, 0, 0, m * k, k * n];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const position = rest % batch[axis]!;
      rest = Math.floor(rest / batch[axis]!);
      if (aBatch[axis] !== 1) offsetA += position * strideA;
      if (bBatch[axis] !== 1) offsetB += position * strideB;
      strideA *= aBatch[axis]!;
      strideB *= bBatch[axis]!;
    }
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += x[offsetA + i * k + l]! * y[offsetB + l * n + j]!;
        data.push(sum);
      }
    }
  }
  const shape = [...batch, ...(xShape.length === 1 ? [] : [m]), ...(yShape.length === 1 ? [] : [n])];
  return { shape, data };
}

const length = fc.integer({ min: 1, max: 3 });
const shapes = fc
  .record({
    m: length,
    k: length,
    n: length,
    batch: fc.array(fc.tuple(length, fc.constantFrom("both", "x", "y")), { maxLength: 2 }),
    xRank: fc.integer({ min: 1, max: 4 }),
    yRank: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ m, k, n, batch, xRank, yRank }) => {
    const axes = (side: "x" | "y") =>
      batch.map(([size, which]) => (which === "both" || which === side ? size : 1));
    const cut = (rank: number, all: number[]) => all.slice(Math.max(0, all.length - rank));
    const x = xRank === 1 ? [k] : [...cut(xRank - 2, axes("x")), m, k];
    const y = yRank === 1 ? [k] : [...cut(yRank - 2, axes("y")), k, n];
    return { x, y };
  });

test("all combinations of ranks 1 to 4 give the shape and the numbers of NumPy's definition", () => {
  const run = ({ x, y }: { x: number[]; y: number[] }) => {
    const a = np.array(weights(sizeOf(x)), { dtype: "float64", shape: x });
    const b = np.array(weights(sizeOf(y), 29), { dtype: "float64", shape: y });
    const wanted = reference(a.data as Float64Array, x, b.data as Float64Array, y);
    const got = np.matmul(a, b);
    expect(got.shape).toEqual(wanted.shape);
    for (const [i, value] of wanted.data.entries())
      expect(Math.abs(got.data[i]! - value)).toBeLessThan(1e-14);
  };
  fc.assert(fc.property(shapes, run), { numRuns: 150, seed: 7 });
});

test("float64 products have the bits of the definition, eagerly as in programs, infinite elements too", () => {
  const [m, k, n] = [19, 300, 23];
  const x = np.array(weights(m * k).map((value, i) => (i === 5 ? Infinity : i === 700 ? NaN : value)), { dtype: "float64", shape: [m, k] }); // prettier-ignore
  const y = np.array(weights(k * n, 29), { dtype: "float64", shape: [k, n] });
  const wanted = reference(x.data as Float64Array, x.shape, y.data as Float64Array, y.shape).data;
  const product = (a: Tensor, b: Tensor) => np.matmul(a, b);
  expect([...np.matmul(x, y).data]).toEqual(wanted);
  expect([...jit(product)(x, y).data]).toEqual(wanted);
  expect([...np.einsum("ij,jk->ik", x, y).data]).toEqual(wanted);
});

test("eager float64 products and sums take no interpreter: at most forty times what float32 takes", () => {
  const x = np.array(weights(128 * 128), { shape: [128, 128] });
  const wide = x.astype("float64");
  const least = (run: () => unknown): number =>
    Math.min(
      ...Array.from({ length: 4 }, () => {
        const from = performance.now();
        run();
        return performance.now() - from;
      }),
    );
  // 3 s and 8 s on the interpreter, milliseconds otherwise.
  const product = least(() => np.matmul(x, x));
  expect(least(() => np.matmul(wide, wide))).toBeLessThan(40 * Math.max(product, 2));
  const sums = least(() => np.cumsum(x.slice([0, 32]), 1));
  expect(least(() => np.cumsum(wide.slice([0, 32]), 1))).toBeLessThan(40 * Math.max(sums, 2));
});

test("the gradient of sum(w * (x @ y)) is w @ y' and x' @ w", () => {
  const x = np.array(weights(6), { dtype: "float64", shape: [2, 3] });
  const y = np.array(weights(12, 9), { dtype: "float64", shape: [3, 4] });
  const w = np.array(weights(8, 31), { dtype: "float64", shape: [2, 4] });
  const [dx, dy] = grad((both: readonly [Tensor, Tensor]) => np.matmul(both[0], both[1]).mul(w).sum())([
    x,
    y,
  ]);
  const apart = (a: Tensor, b: Tensor) => Math.max(...a.sub(b).data.map(Math.abs));
  expect(apart(dx, np.matmul(w, y.transpose()))).toBeLessThan(1e-14);
  expect(apart(dy, np.matmul(x.transpose(), w))).toBeLessThan(1e-14);
});

test("vmap over a product equals the batched product, and jit the eager one", () => {
  const x = np.array(weights(12), { dtype: "float64", shape: [2, 2, 3] });
  const y = np.array(weights(6), { dtype: "float64", shape: [3, 2] });
  const batched = np.matmul(x, y).toArray();
  expect(vmap((a: Tensor, b: Tensor) => np.matmul(a, b), [0, null])(x, y).toArray()).toEqual(batched);
  expect(jit((a: Tensor, b: Tensor) => np.matmul(a, b))(x, y).toArray()).toEqual(batched);
});

test("scalars and batch axes that do not fit are named", () => {
  expect(() => np.matmul(np.zeros([]), np.zeros([2]))).toThrow(ShapeError);
  expect(() => np.matmul(np.zeros([2, 1, 2]), np.zeros([3, 2, 1]))).toThrow(
    "np.matmul: batch axes [2] and [3] do not broadcast.",
  );
});
