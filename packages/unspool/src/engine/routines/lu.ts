/**
 * LU factorization with partial pivoting, `P A = L U`, of a matrix [m, n]. Outputs: L (without its unit diagonal) below
 * U in one matrix [m, n]; pivots [min(m, n)], the row that each row was swapped with in turn; and the permutation
 * [m], so that `(P A)[i] = A[permutation[i]]`. The first of equally large pivots is taken; a column that is 0 from
 * the diagonal on stays as it is.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type Routine, declare, requireFloat } from "./routine.ts";
import { type Index, type View, address, count, load, pointTo, repeat, store } from "./scalar.ts";

export const lu: Routine = {
  name: "lu",
  coreRanks: () => ({ inputs: [2], outputs: [2, 1, 1] }),
  scratchBytes: () => 0,
  emit(module, shape) {
    requireFloat(lu, shape);
    const { f, inputs, outputs } = declare(module, lu, shape);
    const [a, factors] = [inputs[0]!, outputs[0]!];
    const pivots: View = { ...outputs[1]!, dtype: "int32" };
    const permutation: View = { ...outputs[2]!, dtype: "int32" };
    const [m, n] = shape.inputs[0] as readonly [number, number];

    const [from, to] = [pointTo(f, a, 0, 0), pointTo(f, factors, 0, 0)];
    repeat(
      f,
      m * n,
      [
        [from, a.stride],
        [to, factors.stride],
      ],
      () => store(load(f.get(to, from), a), factors),
    );
    f.release(from, to);
    count(f, 0, m, (i) => store(address(f, permutation, 0, [i]).get(i), permutation));

    count(f, 0, Math.min(m, n), (j) => {
      const row = largestRow(f, factors, m, j);
      store(address(f, pivots, 0, [j]).get(row), pivots);
      f.get(row, j)
        .op("i32.ne")
        .if(() => {
          swap(f, factors, pointTo(f, factors, [j], 0), pointTo(f, factors, [row], 0), n);
          swap(f, permutation, pointTo(f, permutation, 0, [j]), pointTo(f, permutation, 0, [row]), 1);
        });
      f.release(row);
      eliminate(f, factors, m, j);
    });
    return f;
  },
};

/** The row from j on with the largest absolute value in column j. NaN is never larger. */
function largestRow(f: FunctionBuilder, matrix: View, m: number, j: Local): Local {
  const row = f.local("i32");
  f.get(j).set(row);
  const largest = load(address(f, matrix, [j], [j]), matrix)
    .op("f64.abs")
    .save("f64");
  const size = f.local("f64");
  count(f, [j, 1], m, (i) => {
    load(address(f, matrix, [i], [j]), matrix)
      .op("f64.abs")
      .tee(size);
    f.get(largest)
      .op("f64.gt")
      .if(() => f.get(size).set(largest).get(i).set(row));
  });
  f.release(largest, size);
  return row;
}

/** Exchanges `length` elements; gives the pointers back. */
function swap(f: FunctionBuilder, view: View, a: Local, b: Local, length: Index): void {
  const held = f.local(view.dtype === "int32" ? "i32" : "f64");
  repeat(
    f,
    length,
    [
      [a, view.stride],
      [b, view.stride],
    ],
    () => {
      load(f.get(a), view).set(held);
      store(load(f.get(a, b), view), view);
      store(f.get(b, held), view);
    },
  );
  f.release(held, a, b);
}

/** Subtracts multiples of row j from the rows below so that column j becomes 0; the multipliers are kept there. */
function eliminate(f: FunctionBuilder, matrix: View, m: number, j: Local): void {
  const n = matrix.columns;
  const diagonal = load(address(f, matrix, [j], [j]), matrix).save("f64");
  const [factor, behind] = [f.local("f64"), f.local("i32")];
  f.i32(n - 1)
    .get(j)
    .op("i32.sub")
    .set(behind);
  f.get(diagonal)
    .f64(0)
    .op("f64.ne")
    .if(() =>
      count(f, [j, 1], m, (i) => {
        const target = pointTo(f, matrix, [i], [j]);
        load(f.get(target), matrix).get(diagonal).op("f64.div").set(factor);
        store(f.get(target, factor), matrix);
        f.get(target).i32(matrix.stride).op("i32.add").set(target);
        const source = pointTo(f, matrix, [j], [j, 1]);
        repeat(
          f,
          [behind],
          [
            [target, matrix.stride],
            [source, matrix.stride],
          ],
          () => {
            load(f.get(target, target), matrix).get(factor);
            store(load(f.get(source), matrix).op("f64.mul").op("f64.sub"), matrix);
          },
        );
        f.release(target, source);
      }),
    );
  f.release(diagonal, factor, behind);
}
