/** Quadratic problems against numbers of NumPy in float64 and against what the algorithms do. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { listOf, singular, wide } from "../testing.ts";
import { hypergradient } from "../hypergradient.ts";
import { quadraticBilevel, type QuadraticBilevelOptions } from "./quadraticBilevel.ts";
import { solutionConcepts } from "./solutionConcepts.ts";

const close = (found: ArrayLike<number>, wanted: readonly number[], digits = 10): void =>
  wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, digits));

/** The least-squares problem with eigenvalues 0, 1, 3, in these terms: c = ½|t|². */
const leastSquares: QuadraticBilevelOptions = {
  A: [
    [1, 0, 1],
    [0, 1, 1],
    [1, 1, 2],
  ],
  B: [
    [-1, 0],
    [0, -1],
    [-1, -1],
  ],
  P: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  f: [-0.5, 0.25, -1],
  c: 0.65625,
};

describe("least squares with a singular Hessian", () => {
  const problem = quadraticBilevel(leastSquares);
  test("losses are those of the least-squares problem but for a constant of the inner one", () => {
    const [u, w] = [wide([1, 2]), wide([0.3, -1, 2])];
    expect(problem.outer(u, w, undefined).item()).toBeCloseTo(singular.outer(u, w).item(), 12);
    expect(problem.inner(u, w, undefined).item() + 2.5).toBeCloseTo(singular.inner(u, w).item(), 12);
    close(listOf(problem.solve(u, wide([0, 0, 0]))), [0, 1, 1], 12);
    close(listOf(problem.solve(u, wide([1, 1, -1]))), [1, 2, 0], 12);
  });

  test("cold-start optima: the same u from both starts, with the null part of the start left in w", () => {
    const first = solutionConcepts(problem).cold;
    close(first.outer, [1.5, 0.75]);
    expect(first.loss).toBeCloseTo(0.09375, 12);
    const second = solutionConcepts(problem, { weights: wide([1, 1, -1]) }).cold;
    close(second.outer, [1.5, 0.75]);
    expect(second.loss).toBeCloseTo(2.34375, 12);
  });

  test("the optimist reaches t itself, the pessimist meets no bound", () => {
    const { optimistic, pessimistic, warm, cold } = solutionConcepts(problem);
    expect(optimistic.loss).toBeCloseTo(0, 12);
    close(optimistic.weights, [0.5, -0.25, 1]);
    expect(pessimistic.loss).toBe(Infinity);
    expect(warm).toEqual(cold);
  });

  test("full warm starts come to rest at what is said of them", () => {
    let [u, w] = [wide([0, 0]), wide([1, 1, -1])];
    const step = compiled("warm", (at: Tensor, from: Tensor) => {
      const end = problem.solve(at, from);
      const { gradient } = hypergradient(problemLosses, at, end, { kind: "exact" });
      return { u: at.sub(gradient.mul(1.2)), w: end };
    });
    // The Hessian of F(u, w(u)) has the eigenvalues 1 and 1/3: a contraction of 0.6.
    for (let i = 0; i < 50; i++) ({ u, w } = step(u, w));
    const { warm } = solutionConcepts(problem, { weights: wide([1, 1, -1]) });
    close(listOf(u), warm.outer, 6);
    close(listOf(problem.solve(u, w)), warm.weights, 6);
  });
  const problemLosses = {
    inner: (u: Tensor, w: Tensor) => problem.inner(u, w, undefined),
    outer: (u: Tensor, w: Tensor) => problem.outer(u, w, undefined),
  };
});

describe("what the pessimist sees", () => {
  // w = (w_1, z): training fixes w_1 = u, z is free.
  const base = { A: [[1, 0], [0, 0]], B: [[-1], [0]], R: [[1]] }; // prettier-ignore
  test("a worst z that depends on u counts in the choice of u", () => {
    // F = -½ z² + z (u - 1) + ½ u² - 2u: the worst z is u - 1, then F = ½ (u - 1)² + ½ u² - 2u, least at u = 3/2.
    const problem = quadraticBilevel({ ...base, P: [[0, 0], [0, -1]], Q: [[0], [1]], f: [0, -1], h: [-2] }); // prettier-ignore
    const { pessimistic, optimistic, cold } = solutionConcepts(problem);
    close(pessimistic.outer, [1.5]);
    close(pessimistic.weights, [1.5, 0.5]);
    expect(pessimistic.loss).toBeCloseTo(0.125 + 1.125 - 3, 12);
    expect(optimistic.loss).toBe(-Infinity);
    // z stays 0: ½ u² - 2u.
    close(cold.outer, [2]);
    expect(cold.loss).toBeCloseTo(-2, 12);
  });
  test("a z along which F is straight leaves only the u where it does not tilt", () => {
    const problem = quadraticBilevel({ ...base, Q: [[0], [1]], f: [0, -3] });
    const { pessimistic } = solutionConcepts(problem);
    close(pessimistic.outer, [3]);
    expect(pessimistic.loss).toBeCloseTo(4.5, 12);
    const tilted = quadraticBilevel({ ...base, f: [0, -3] });
    expect(solutionConcepts(tilted).pessimistic.loss).toBe(Infinity);
  });
});

describe("warm starts on problems in turn are cyclic projections", () => {
  const plane = (a: number[], b: number) => {
    const problem = quadraticBilevel({
      A: a.map((x) => a.map((y) => x * y)),
      B: a.map((x) => [-x]),
    });
    const u = wide([b]);
    return {
      a,
      b,
      solve: (w: Tensor) => problem.solve(u, w),
      descend: (w: Tensor) => problem.descend(0.2, 2)(u, w),
    };
  };
  const first = plane([1, 0, 1], 1);

  test("three sweeps, towards (1, 1, 0) by a factor of 0.25", () => {
    const second = plane([1, 1, 0], 2);
    let w = wide([0, 0, 0]);
    for (const wanted of [
      [1.25, 0.75, 0.5],
      [1.0625, 0.9375, 0.125],
      [1.015625, 0.984375, 0.03125],
    ]) {
      w = second.solve(first.solve(w));
      close(listOf(w), wanted, 12);
    }
  });

  test("two partial sweeps, of two steps of 0.2 each", () => {
    const second = plane([1, 1, 0], 2);
    let w = wide([0, 0, 0]);
    for (const wanted of [
      [0.8576, 0.5376, 0.32],
      [1.01249024, 0.74932224, 0.263168],
    ]) {
      w = second.descend(first.descend(w));
      close(listOf(w), wanted, 12);
    }
  });

  test("warm starts remember all problems, cold ones the last (claim C3)", () => {
    const second = plane([1, 1, 0], 3);
    const miss = ({ a, b }: typeof first, w: Tensor): number =>
      Math.abs(listOf(w).reduce((sum, x, i) => sum + a[i]! * x, -b));
    let w = wide([0, 0, 0]);
    for (let sweep = 0; sweep < 12; sweep++) w = second.solve(first.solve(w));
    // Contraction 0.25 per sweep: 5 · 4^-12 = 3.0e-7.
    expect(miss(first, w)).toBeCloseTo(3.0e-7, 8);
    expect(miss(second, w)).toBeLessThan(1e-12);
    close(listOf(w), [4 / 3, 5 / 3, -1 / 3], 6);
    const cold = second.solve(wide([0, 0, 0]));
    close(listOf(cold), [1.5, 1.5, 0], 12);
    expect(miss(first, cold)).toBeCloseTo(0.5, 12);
  });
});

test("what is no such problem is refused", () => {
  expect(() => quadraticBilevel({ A: [[-1]], B: [[1]] })).toThrow(OptionError);
  expect(() => quadraticBilevel({ A: [[1]], B: [[1]], P: [[1, 2]] })).toThrow("P must be [1,1], got [1,2]");
  expect(() => quadraticBilevel({ A: wide([[1]]) as never, B: [[1]] })).toThrow(
    /A must be a list of rows.*toArray/,
  );
  expect(() => quadraticBilevel({ A: [[1]], B: wide([[1]]) as never })).toThrow(/B must be a list of rows/);
  const empty = quadraticBilevel({ A: [[0]], B: [[1]] });
  expect(() => solutionConcepts(empty)).toThrow(ShapeError);
  expect(() => empty.descend(0, 1)).toThrow("alpha must be a finite number above 0");
});

test("matrices that are not symmetric are refused by name: gradients written for symmetric ones were wrong", () => {
  const base = { A: [[2, 0], [0, 1]], B: [[1, 0], [0, 1]] }; // prettier-ignore
  const tilted = [[2, 1], [0, 1]]; // prettier-ignore
  for (const name of ["A", "P", "R"] as const)
    expect(() => quadraticBilevel({ ...base, [name]: tilted })).toThrow(
      `${name} must be symmetric: [1][0] is 0, [0][1] is 1`,
    );
  const problem = quadraticBilevel(base);
  const changed = { ...problem, coefficients: { ...problem.coefficients, P: wide(tilted) } };
  expect(() => solutionConcepts(changed)).toThrow("solutionConcepts: P must be symmetric");
  expect(() => quadraticBilevel({ ...base, P: [[1, 0.1 + 0.2], [0.3, 1]] })).not.toThrow(); // prettier-ignore
});
