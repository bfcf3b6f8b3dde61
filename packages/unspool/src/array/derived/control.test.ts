/** Control flow, dynamic slices and indexed writing: values of the plain loop, in and out of traces, and derivatives. */
import { describe, expect, test } from "vitest";
import { ShapeError, OptionError } from "../../errors.ts";
import { type Tensor, grad, jit, jvp, lax, np, vmap } from "../index.ts";

const int = (values: number | number[]): Tensor => np.array(values, { dtype: "int32" });
const numbers = (x: Tensor): number[] => Array.from(x.data);

describe("cond and switch", () => {
  const choose = (x: Tensor): Tensor =>
    lax.cond(
      x.greater(0),
      (v: Tensor) => np.log(v),
      (v: Tensor) => v.mul(-2),
      x,
    );

  test("the chosen branch gives the value, eagerly and in a trace", () => {
    for (const run of [choose, jit(choose)]) {
      expect(run(np.array(-3)).item()).toBe(6);
      expect(run(np.array(1)).item()).toBe(0);
    }
  });

  test("a branch that is not chosen, NaN and with an infinite slope, does not reach the gradient", () => {
    expect(grad(choose)(np.array(-3)).item()).toBe(-2);
    // log 0 has the slope infinity; the other branch is taken there.
    expect(grad(choose)(np.array(0)).item()).toBe(-2);
    expect(jvp(choose, [np.array(0)], [np.array(1)])[1].item()).toBe(-2);
    expect(grad(choose)(np.array(4)).item()).toBe(0.25);
    expect(numbers(vmap(grad(choose))(np.array([-3, 0, 4])))).toEqual([-2, -2, 0.25]);
  });

  test("eagerly only the chosen branch runs", () => {
    let runs = 0;
    const count = (x: Tensor): Tensor => ((runs += 1), x);
    lax.cond(true, count, (x: Tensor) => x, np.array(1));
    lax.cond(np.array(0), count, (x: Tensor) => x, np.array(1));
    expect(runs).toBe(1);
  });

  test("branches with results of different shapes are refused in a trace", () => {
    const uneven = jit((x: Tensor) =>
      lax.cond(
        x.greater(0),
        (v: Tensor) => v,
        () => np.zeros([2]),
        x,
      ),
    );
    expect(() => uneven(np.array(1))).toThrow(ShapeError);
  });

  test("switch clips its index", () => {
    const pick = (i: Tensor): Tensor =>
      lax.switch(i, [(x: Tensor) => x, (x: Tensor) => x.mul(10), (x: Tensor) => x.mul(100)], np.array(3));
    for (const run of [pick, jit(pick)]) {
      expect([-4, 0, 1, 2, 9].map((i) => run(int(i)).item())).toEqual([3, 3, 30, 300, 300]);
    }
  });
});

describe("loops", () => {
  // Heron's square root: x ← (x + a / x) / 2 until it changes by less than 1e-6.
  const heron = (a: Tensor): Tensor =>
    lax.whileLoop(
      ({ change }: { x: Tensor; change: Tensor }) => change.greater(1e-6),
      ({ x }) => {
        const next = x.add(a.div(x)).mul(0.5);
        return { x: next, change: np.abs(next.sub(x)) as Tensor };
      },
      { x: a, change: np.array(1) },
      { maxSteps: 30 },
    ).x;

  test("a loop on a condition ends by itself, eagerly, in a trace and under vmap", () => {
    for (const run of [heron, jit(heron)]) expect(run(np.array(2)).item()).toBeCloseTo(Math.SQRT2, 6);
    const roots = numbers(vmap(heron)(np.array([1, 4, 10000])));
    for (const [i, root] of [1, 2, 100].entries()) expect(roots[i]).toBeCloseTo(root, 4);
  });

  test("its gradient is that of the turns that ran", () => {
    expect(grad(heron)(np.array(4)).item()).toBeCloseTo(0.25, 5);
    // Beyond the end the body would divide by 0: 1, 0 and then 1/0.
    const toZero = (a: Tensor): Tensor =>
      lax.whileLoop(
        (x: Tensor) => x.greater(0),
        (x: Tensor) => x.sub(np.reciprocal(x) as Tensor),
        a,
        { maxSteps: 9 },
      );
    expect(toZero(np.array(1)).item()).toBe(0);
    expect(grad(toZero)(np.array(1)).item()).toBe(2);
  });

  test("a loop that does not end throws eagerly and is NaN in a trace", () => {
    const endless = (x: Tensor): Tensor =>
      lax.whileLoop(
        (v: Tensor) => v.greater(-1),
        (v: Tensor) => v.add(1),
        x,
        { maxSteps: 5 },
      );
    expect(() => endless(np.array(0))).toThrow(/maxSteps/);
    expect(jit(endless)(np.array(0)).item()).toBeNaN();
  });

  test("without a bound a trace says what to write", () => {
    const unbounded = (x: Tensor): Tensor =>
      lax.whileLoop(
        (v: Tensor) => v.less(9),
        (v: Tensor) => v.add(4),
        x,
      );
    expect(unbounded(np.array(0)).item()).toBe(12);
    expect(() => jit(unbounded)(np.array(0))).toThrow(OptionError);
  });

  test("foriLoop counts from lower to upper, also to a traced end", () => {
    const sum = (upper: number | Tensor): Tensor =>
      lax.foriLoop(2, upper, (i, total: Tensor) => total.add(i), int(0), { maxSteps: 10 });
    expect(sum(6).item()).toBe(2 + 3 + 4 + 5);
    expect(jit((n: Tensor) => sum(n))(int(6)).item()).toBe(14);
    expect(sum(2).item()).toBe(0);
    const powers = (x: Tensor): Tensor => lax.foriLoop(0, 5, (_i, p: Tensor) => p.mul(x), np.array(1));
    expect(grad(powers)(np.array(2)).item()).toBe(5 * 2 ** 4);
  });
});

describe("associativeScan", () => {
  test.each([1, 2, 3, 5, 8, 13])("running sums and products of %i elements are exact", (n) => {
    const x = np.arange(1, n + 1);
    const sums = Array.from({ length: n }, (_, k) => ((k + 1) * (k + 2)) / 2);
    expect(numbers(lax.associativeScan((a: Tensor, b: Tensor) => a.add(b), x))).toEqual(sums);
    const fromEnd = numbers(lax.associativeScan((a: Tensor, b: Tensor) => a.add(b), x, { reverse: true }));
    expect(fromEnd).toEqual(sums.map((_, k) => sums[n - 1]! - (sums[k - 1] ?? 0)));
  });

  test("linear recurrences y_k = a_k y_(k-1) + b_k by pairs (a, b), in the order of the elements", () => {
    type Pair = { a: Tensor; b: Tensor };
    const pairs: Pair = { a: np.array([2, 3, -1, 0.5, 4]), b: np.array([1, -2, 0, 5, 1]) };
    const join = (p: Pair, q: Pair): Pair => ({ a: p.a.mul(q.a), b: q.a.mul(p.b).add(q.b) });
    // y: 1, 1, -1, 4.5, 19 from y_-1 = 0.
    expect(numbers(jit((x: Pair) => lax.associativeScan(join, x))(pairs).b)).toEqual([1, 1, -1, 4.5, 19]);
  });

  test("another axis", () => {
    const x = np.arange(6).reshape([2, 3]);
    expect(lax.associativeScan((a: Tensor, b: Tensor) => a.add(b), x, { axis: 1 }).toArray()).toEqual([
      [0, 1, 3],
      [3, 7, 12],
    ]);
  });
});

describe("dynamic slices", () => {
  const x = np.arange(12).reshape([3, 4]);

  test("a window at traced places; beyond the end it is moved back, negative starts count from the end", () => {
    const cut = (i: Tensor, j: Tensor): Tensor => lax.dynamicSlice(x, [i, j], [2, 2]);
    for (const run of [cut, jit(cut)]) {
      expect(run(int(1), int(2)).toArray()).toEqual([
        [6, 7],
        [10, 11],
      ]);
      expect(run(int(9), int(9)).toArray()).toEqual(run(int(1), int(2)).toArray());
      expect(run(int(-3), int(-4)).toArray()).toEqual([
        [0, 1],
        [4, 5],
      ]);
    }
    expect(() => lax.dynamicSlice(x, [0, 0], [4, 1])).toThrow(/size 4 of axis 0/);
  });

  test("an update overwrites the window; gradients go to what stays and to what is written", () => {
    const write = (into: Tensor, piece: Tensor, i: Tensor): Tensor =>
      lax.dynamicUpdateSlice(into, piece, [i, 1]);
    const piece = np.array([[-1, -2]]);
    const expected = [
      [0, 1, 2, 3],
      [4, -1, -2, 7],
      [8, 9, 10, 11],
    ];
    const floats = x.astype("float32");
    for (const run of [write, jit(write)]) expect(run(floats, piece, int(1)).toArray()).toEqual(expected);
    const weighted = (into: Tensor, part: Tensor): Tensor => write(into, part, int(1)).mul(floats).sum();
    expect(numbers(grad(weighted)(floats, piece))).toEqual([0, 1, 2, 3, 4, 0, 0, 7, 8, 9, 10, 11]);
    expect(numbers(grad((part: Tensor) => weighted(floats, part))(piece))).toEqual([5, 6]);
  });
});

describe("x.at", () => {
  const x = np.array([1, 2, 3, 4]);

  test("set, add and kin at numbers, ranges and tensors of indices", () => {
    expect(numbers(x.at(1).set(9))).toEqual([1, 9, 3, 4]);
    expect(numbers(x.at([1, 3]).add([10, 20]))).toEqual([1, 12, 23, 4]);
    expect(numbers(x.at([0, 2]).multiply(3))).toEqual([3, 6, 3, 4]);
    expect(numbers(x.at([2, 4]).max(3.5))).toEqual([1, 2, 3.5, 4]);
    expect(numbers(x.at(0).divide(4))).toEqual([0.25, 2, 3, 4]);
    expect(numbers(x.at(3).apply((v) => v.mul(v)))).toEqual([1, 2, 3, 16]);
    expect(numbers(x)).toEqual([1, 2, 3, 4]);
    const matrix = np.zeros([2, 3]);
    expect(matrix.at([], 1).set([5, 6]).toArray()).toEqual([
      [0, 5, 0],
      [0, 6, 0],
    ]);
  });

  test("of several values for one place the last stays, and all are added", () => {
    const places = int([2, 0, 2]);
    for (const run of [(p: Tensor) => x.at(p).set([7, 8, 9]), jit((p: Tensor) => x.at(p).set([7, 8, 9]))]) {
      expect(numbers(run(places))).toEqual([8, 2, 9, 4]);
    }
    for (const run of [(p: Tensor) => x.at(p).add([7, 8, 9]), jit((p: Tensor) => x.at(p).add([7, 8, 9]))]) {
      expect(numbers(run(places))).toEqual([9, 2, 19, 4]);
    }
  });

  test("the gradient of a value that was overwritten is 0", () => {
    const weights = np.array([1, 10, 100, 1000]);
    const loss = (values: Tensor): Tensor =>
      x
        .at(int([2, 0, 2]))
        .set(values)
        .mul(weights)
        .sum();
    expect(numbers(grad(loss)(np.array([7, 8, 9])))).toEqual([0, 1, 100]);
    const into = (base: Tensor): Tensor =>
      base
        .at(int([2, 0]))
        .set([7, 8])
        .mul(weights)
        .sum();
    expect(numbers(grad(into)(x))).toEqual([0, 10, 0, 1000]);
  });
});
