/**
 * Eigendecomposition `A V = V D` of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix
 * Computations, 8.5). Only the lower triangle of A is read. Outputs: D, diagonal up to what the tolerance leaves below
 * the diagonal, with eigenvalues in no order; and V, its columns the eigenvectors. Parameters: `maxSweeps`, and
 * `tolerance`, the largest element off the diagonal that is accepted, relative to the largest of A (at least 1).
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type Routine, declare, requireFloat } from "./routine.ts";
import { type Index, type View, address, clear, count, load, pointTo, repeat, store } from "./scalar.ts";

export const jacobiEigh: Routine = {
  name: "jacobi_eigh",
  coreRanks: () => ({ inputs: [2], outputs: [2, 2] }),
  scratchBytes: () => 0,
  emit(module, shape, params) {
    requireFloat(jacobiEigh, shape);
    const { maxSweeps, tolerance } = params as { maxSweeps: number; tolerance: number };
    const { f, inputs, outputs } = declare(module, jacobiEigh, shape);
    const [a, d, v] = [inputs[0]!, outputs[0]!, outputs[1]!];
    const n = a.columns;
    clear(f, d, n * n);
    clear(f, v, n * n);
    count(f, 0, n, (i) => {
      count(f, 0, [i, 1], (j) => store(load(address(element(f, d, i, j), a, [i], [j]), a), d));
      store(element(f, v, i, i).f64(1), v);
    });

    const [threshold, rest, sweep] = [f.local("f64"), f.local("f64"), f.local("i32")];
    f.f64(1).set(threshold);
    maximize(f, threshold, d, 1);
    f.get(threshold).f64(tolerance).op("f64.mul").set(threshold);
    const measure = () => maximize(f.f64(0).set(rest), rest, d, 0);
    measure();
    f.i32(0).set(sweep);
    f.block(() =>
      f.loop(() => {
        f.get(rest, threshold).op("f64.gt").get(sweep).i32(maxSweeps).op("i32.lt_s");
        f.op("i32.and").op("i32.eqz").brIf(1);
        count(f, 0, n - 1, (p) => count(f, [p, 1], n, (q) => rotate(f, d, v, p, q)));
        measure();
        f.get(sweep).i32(1).op("i32.add").set(sweep).br(0);
      }),
    );
    return f;
  },
};

function element(f: FunctionBuilder, view: View, row: Local, column: Local): FunctionBuilder {
  return address(f, view, [row], [column]);
}

/** `largest = max(largest, |D[i, j]|)` for `j < i + plus`. NaN stays. */
function maximize(f: FunctionBuilder, largest: Local, d: View, plus: number): void {
  count(f, 0, d.columns, (i) =>
    count(f, 0, [i, plus], (j) => {
      load(element(f.get(largest), d, i, j), d)
        .op("f64.abs")
        .op("f64.max")
        .set(largest);
    }),
  );
}

/** Rotates rows and columns p < q so that D[q, p] becomes 0. */
function rotate(f: FunctionBuilder, d: View, v: View, p: Local, q: Local): void {
  const n = d.columns;
  const [app, aqq] = [p, q].map((i) => load(element(f, d, i, i), d).save("f64")) as [Local, Local];
  const apq = load(element(f, d, q, p), d).save("f64");
  const [t, c, s, tau] = ["t", "c", "s", "tau"].map(() => f.local("f64")) as [Local, Local, Local, Local];
  const names = { app, aqq, apq, t, c, s, tau };
  f.get(apq)
    .f64(0)
    .op("f64.ne")
    .if(() => {
      // The smaller root of t² + 2 tau t = 1: an angle of at most 45 degrees.
      formula(f, names, "aqq app - 2 apq * /").set(tau);
      f.f64(1).f64(-1).get(tau).f64(0).op("f64.ge").op("select");
      formula(f, names, "tau abs tau tau * 1 + sqrt + /").set(t);
      formula(f, names, "1 t t * 1 + sqrt /").set(c);
      formula(f, names, "t c *").set(s);

      // Of a symmetric matrix only the lower triangle is kept: D[k, p] is in row p while k < p, then in column p.
      const right = d.stride;
      const down = n * d.stride;
      const line = (start: [Index, Index], other: [Index, Index], steps: [number, number], length: Index) => {
        const [x, y] = [pointTo(f, d, ...start), pointTo(f, d, ...other)];
        rotateLines(f, d, c, s, [x, steps[0]], [y, steps[1]], length);
      };
      const between = f.get(q, p).op("i32.sub").i32(1).op("i32.sub").save("i32");
      const after = f
        .i32(n - 1)
        .get(q)
        .op("i32.sub")
        .save("i32");
      line([[p], 0], [[q], 0], [right, right], [p]);
      line([[p, 1], [p]], [[q], [p, 1]], [down, right], [between]);
      line([[q, 1], [p]], [[q, 1], [q]], [down, down], [after]);
      f.release(between, after);

      element(f, d, p, p);
      store(formula(f, names, "c c * app * 2 s * c * apq * - s s * aqq * +"), d);
      element(f, d, q, q);
      store(formula(f, names, "s s * app * 2 s * c * apq * + c c * aqq * +"), d);
      store(element(f, d, q, p).f64(0), d);

      const [x, y] = [pointTo(f, v, 0, [p]), pointTo(f, v, 0, [q])];
      rotateLines(f, v, c, s, [x, n * v.stride], [y, n * v.stride], n);
    });
  f.release(app, aqq, apq, t, c, s, tau);
}

/** `(x, y) = (c x - s y, s x + c y)` for elements along two lines, [pointer, bytes to the next]. */
function rotateLines(
  f: FunctionBuilder,
  view: View,
  c: Local,
  s: Local,
  [x, xStep]: [Local, number],
  [y, yStep]: [Local, number],
  length: Index,
): void {
  const [xValue, yValue] = [f.local("f64"), f.local("f64")];
  const names = { x: xValue, y: yValue, c, s };
  const steps = [
    [x, xStep],
    [y, yStep],
  ] as const;
  repeat(f, length, steps, () => {
    load(f.get(x), view).set(xValue);
    load(f.get(y), view).set(yValue);
    store(formula(f.get(x), names, "c x * s y * -"), view);
    store(formula(f.get(y), names, "s x * c y * +"), view);
  });
  f.release(xValue, yValue, x, y);
}

const operations: Record<string, string> = {
  "+": "f64.add",
  "-": "f64.sub",
  "*": "f64.mul",
  "/": "f64.div",
  sqrt: "f64.sqrt",
  abs: "f64.abs",
};

/** Pushes the value of a formula in f64: operands before operators, as they are on the stack. */
function formula(f: FunctionBuilder, names: Record<string, Local>, text: string): FunctionBuilder {
  for (const word of text.split(" ")) {
    if (operations[word] !== undefined) f.op(operations[word]);
    else if (names[word] !== undefined) f.get(names[word]);
    else f.f64(Number(word));
  }
  return f;
}
