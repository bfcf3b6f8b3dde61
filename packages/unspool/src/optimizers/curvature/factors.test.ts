/** Factors and what is solved with them, against definitions: products that must give the identity, differences. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import * as factors from "./factors.ts";

const f64 = { dtype: "float64" } as const;

/** A second moment of `count` random rows. */
function moment(seed: number, n: number, count: number): Tensor {
  return factors.secondMoment(random.normal(random.key(seed), [count, 1, n], f64));
}

const largest = (x: Tensor): number => Math.max(...[...x.data].map(Math.abs));

describe("running means", () => {
  test("estimates 1, 2, 3 with decay 0.95 have the mean 2.0341805434 (Σ 0.95^(3-k) k / Σ 0.95^(3-k))", () => {
    const mean = [1, 2, 3].reduce(
      (so, x) => factors.withEstimate(so, np.array(x, f64), 0.95),
      factors.emptyMean([], "float64"),
    );
    expect(factors.meanOf(mean).item()).toBeCloseTo(2.0341805434, 9);
    expect(factors.meanOf(factors.emptyMean([], "float64")).item()).toBe(0);
  });

  test("decay 0 keeps the last estimate to the bit", () => {
    const [a, b] = [moment(1, 3, 4), moment(2, 3, 4)];
    const mean = factors.withEstimate(factors.withEstimate(factors.emptyMean([3, 3], "float64"), a, 0), b, 0);
    expect([...factors.meanOf(mean).data]).toEqual([...b.data]);
  });
});

test.each([5, 128, 129])("the inverse of a positive matrix of %i rows, and a system with it", (n) => {
  const run = compiled("inverse", (matrix: Tensor, right: Tensor) => ({
    inverse: factors.inversePositive(matrix),
    solution: factors.solvePositive(matrix, right),
  }));
  const matrix = factors.shifted(moment(3, n, 20), 0.1);
  const right = random.normal(random.key(4), [n], f64);
  const { inverse, solution } = run(matrix, right);
  expect(largest(np.matmul(inverse, matrix).sub(np.eye(n).astype("float64")))).toBeLessThan(1e-11);
  expect(largest(np.matmul(matrix, solution).sub(right))).toBeLessThan(1e-11);
});

describe("the eigenbasis solution", () => {
  // Σ_A has rank 3 of 5, Σ_E rank 2 of 4: eigenvalues coincide at 0.
  const [a, e] = [moment(5, 5, 3), moment(6, 4, 2)];
  const right = random.normal(random.key(7), [5, 4], f64);
  const solve = (inputs: Tensor, outputs: Tensor, damping: Tensor, gradient: Tensor): Tensor => {
    const bases = { inputs: factors.eigenbasis(inputs), outputs: factors.eigenbasis(outputs) };
    return factors.solveKronecker({ inputs, outputs }, bases, damping, gradient);
  };

  test("solves Σ_A D Σ_E + λ D = G", () => {
    const d = solve(a, e, np.array(0.3, f64), right);
    const image = np.matmul(np.matmul(a, d), e).add(d.mul(0.3));
    expect(largest(image.sub(right))).toBeLessThan(1e-12);
  });

  test("has the derivatives of the solution, along factors, damping and gradient (differences)", () => {
    type Point = { a: Tensor; e: Tensor; damping: Tensor; gradient: Tensor };
    const weights = random.normal(random.key(8), [5, 4], f64);
    const loss = (at: Point): Tensor => solve(at.a, at.e, at.damping, at.gradient).mul(weights).sum();
    const at: Point = { a, e, damping: np.array(0.3, f64), gradient: right };
    const slopes = grad(loss)(at) as Point;
    const directions: Point = {
      a: moment(9, 5, 4),
      e: moment(10, 4, 4),
      damping: np.array(1, f64),
      gradient: random.normal(random.key(11), [5, 4], f64),
    };
    for (const name of Object.keys(at) as (keyof Point)[]) {
      const along = (step: number) =>
        loss({ ...at, [name]: at[name].add(directions[name].mul(step)) }).item();
      // To one side: factors with negative eigenvalues are none.
      const difference = (4 * along(1e-5) - 3 * along(0) - along(2e-5)) / 2e-5;
      expect(slopes[name].mul(directions[name]).sum().item() / difference).toBeCloseTo(1, 6);
    }
  });
});

test("π and factored damping: λ_A λ_E = λ, and floors where a factor is 0", () => {
  const [a, e] = [moment(12, 5, 9), moment(13, 4, 9)];
  const pi = factors.traceRatio(a, e);
  expect(pi.item() ** 2).toBeCloseTo(np.trace(a).item() / 5 / (np.trace(e).item() / 4), 12);
  for (const damping of [0.3, np.array(0.3, f64)]) {
    const { inputs, outputs } = factors.factoredDamping(pi, damping);
    expect(inputs.item() * outputs.item()).toBeCloseTo(0.3, 12);
    expect(inputs.item() / outputs.item()).toBeCloseTo(pi.item() ** 2, 12);
  }
  expect(factors.traceRatio(a, e.mul(0)).item()).toBeCloseTo(Math.sqrt(np.trace(a).item() / 5e-12), 4);
});
