/**
 * Solves `A X^T = B^T` for X by back substitution. A is upper triangular and [n, n], of which nothing below the diagonal
 * is read; B and X are [m, n]. The parameter `unitDiagonal` takes 1 for the diagonal. Lower triangles come flipped.
 */
import { type Routine, declare, requireFloat } from "./routine.ts";
import { address, count, load, pointTo, store, subtractProducts } from "./scalar.ts";

export const triangularSolve: Routine = {
  name: "triangular_solve",
  coreRanks: () => ({ inputs: [2, 2], outputs: [2] }),
  scratchBytes: () => 0,
  emit(module, shape, { unitDiagonal }) {
    requireFloat(triangularSolve, shape);
    const { f, inputs, outputs } = declare(module, triangularSolve, shape);
    const [a, b, x] = [inputs[0]!, inputs[1]!, outputs[0]!];
    const n = a.columns;
    const [i, sum] = [f.local("i32"), f.local("f64")];
    count(f, 0, shape.inputs[1]![0]!, (row) =>
      count(f, 0, n, (solved) => {
        f.i32(n - 1)
          .get(solved)
          .op("i32.sub")
          .set(i);
        load(address(f, b, [row], [i]), b).set(sum);
        const [coefficient, known] = [pointTo(f, a, [i], [i, 1]), pointTo(f, x, [row], [i, 1])];
        subtractProducts(f, sum, [solved], [coefficient, a], [known, x]);
        address(f, x, [row], [i]).get(sum);
        if (unitDiagonal !== true) load(address(f, a, [i], [i]), a).op("f64.div");
        store(f, x);
        f.release(coefficient, known);
      }),
    );
    return f;
  },
};
