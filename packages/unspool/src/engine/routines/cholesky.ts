/**
 * Cholesky factorization `A = L L^T`, row by row (Cholesky-Banachiewicz). Only the lower triangle of A is read; a matrix
 * that is not positive definite gives NaN from the failing row on.
 */
import { type Routine, declare, requireFloat } from "./routine.ts";
import { address, clear, count, load, pointTo, store, subtractProducts } from "./scalar.ts";

export const cholesky: Routine = {
  name: "cholesky",
  coreRanks: () => ({ inputs: [2], outputs: [2] }),
  scratchBytes: () => 0,
  emit(module, shape) {
    requireFloat(cholesky, shape);
    const { f, inputs, outputs } = declare(module, cholesky, shape);
    const [a, l] = [inputs[0]!, outputs[0]!];
    const n = a.columns;
    clear(f, l, n * n);
    const sum = f.local("f64");
    count(f, 0, n, (i) =>
      count(f, 0, [i, 1], (j) => {
        load(address(f, a, [i], [j]), a).set(sum);
        const [left, right] = [pointTo(f, l, [i], 0), pointTo(f, l, [j], 0)];
        subtractProducts(f, sum, [j], [left, l], [right, l]);
        // Now `left` is at L[i, j] and `right` at L[j, j].
        f.get(i, j)
          .op("i32.eq")
          .if(
            () => store(f.get(left, sum).op("f64.sqrt"), l),
            () => store(load(f.get(left, sum, right), l).op("f64.div"), l),
          );
        f.release(left, right);
      }),
    );
    return f;
  },
};
