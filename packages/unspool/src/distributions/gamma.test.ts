/** Gamma, beta and Dirichlet numbers. Values: mpmath 1.3 with 40 digits. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import { beta, dirichlet, gamma } from "./index.ts";
import { drawsOf, expectClose, expectMean, wide } from "./testing.ts";

describe("gamma", () => {
  const law = gamma({ shape: wide([0.3, 1, 7.5, 1e4]), rate: wide([2, 1.5, 0.2, 3]) });
  const x = wide([0.05, 3, 40, 3400]);
  const expected = [1.1091587508377017, -4.094534891891835, -3.6274321282738997, -6.419034429357034];

  test("log-density and entropy", () => {
    expectClose(law.logProb(x), expected, 1e-11);
    expectClose(
      law.entropy(),
      [-1.749116141281963, 0.5945348918918356, 3.989878501593269, 4.925463096357976],
      1e-11,
    );
    const { shape, rate } = law.parameters;
    const narrow = gamma({ shape: shape.astype("float32"), rate: rate.astype("float32") });
    // In float32 of the parameters: 0.3 and 0.2 are rounded.
    expectClose(narrow.logProb(x.astype("float32")), expected, 1e-4);
    expect(narrow.logProb(x.astype("float32")).dtype).toBe("float32");
  });

  test("at the border the limit, outside -Infinity, derivatives that are not NaN", () => {
    const at = (shape: Tensor, rate: Tensor, value: Tensor) => gamma({ shape, rate }).logProb(value);
    const cases = [[0.5, 0, Infinity], [1, 0, Math.log(2)], [3, 0, -Infinity], [3, -1, -Infinity], [3, Infinity, -Infinity]]; // prettier-ignore
    for (const [shape, value, limit] of cases as [number, number, number][]) {
      const args = [wide(shape), wide(2), wide(value)] as const;
      expect(at(...args).item()).toBe(limit);
      for (const argnums of [0, 1, 2]) expect((grad(at, argnums)(...args) as Tensor).item()).not.toBeNaN();
    }
    expect(at(wide(1), wide(1), wide(NaN)).item()).toBeNaN();
  });

  test("the score by the shape is log(b x) - ψ(a)", () => {
    const score = compiled(
      "score",
      grad((a: Tensor) => gamma({ shape: a, rate: 2 }).logProb(wide(3))),
    );
    // ψ(1/2) = -γ - 2 log 2.
    expectClose(score(wide(0.5)), [Math.log(6) + 0.5772156649015329 + 2 * Math.LN2]);
  });

  test("draws have mean and variance, and the derivative of the mean by the shape", () => {
    const small = gamma({ shape: wide([0.3, 7.5]), rate: wide([2, 0.2]) });
    const draws = drawsOf(small, 1, 20_000);
    expectMean(draws, [...small.mean().data]);
    expectMean(np.square(draws.sub(small.mean())), [...small.variance().data]);
    // E x = a / b, so that derivatives of draws have the mean 1 / b; of each draw by the rate -x / b.
    const slopes = compiled("slopes", (key: Tensor) => {
      const draw = (a: Tensor) => gamma({ shape: a, rate: 0.2 }).sample(key);
      return grad((a: Tensor) => draw(a).sum())(np.full([4000], 7.5, { dtype: "float64" }));
    })(random.key(2));
    expectMean(slopes, [5]);
  });
});

describe("beta", () => {
  const law = beta({ a: wide([0.5, 2, 300]), b: wide([0.5, 5, 0.7]) });

  test("log-density and entropy", () => {
    expectClose(
      law.logProb(wide([0.001, 0.3, 0.999])),
      [2.30964800380846, 0.7705248015812899, 5.504607547594586],
    );
    expectClose(law.entropy(), [-0.24156447527049044, -0.4845307149954887, -5.110757099657675], 1e-11);
  });

  test("at the ends the limits, outside -Infinity, derivatives that are not NaN", { tags: ["long"] }, () => {
    const at = (a: Tensor, b: Tensor, value: Tensor) => beta({ a, b }).logProb(value);
    const cases = [[0.5, 2, 0, Infinity], [1, 3, 0, Math.log(3)], [2, 3, 0, -Infinity], [3, 1, 1, Math.log(3)], [2, 0.5, 1, Infinity], [2, 2, 1.5, -Infinity], [2, 2, -0.5, -Infinity]]; // prettier-ignore
    for (const [a, b, value, limit] of cases as [number, number, number, number][]) {
      const args = [wide(a), wide(b), wide(value)] as const;
      expect(at(...args).item()).toBe(limit);
      for (const argnums of [0, 1, 2]) expect((grad(at, argnums)(...args) as Tensor).item()).not.toBeNaN();
    }
  });

  test("draws have mean and variance", () => {
    const draws = drawsOf(law, 5, 20_000);
    expectMean(draws, [...law.mean().data]);
    expectMean(np.square(draws.sub(law.mean())), [...law.variance().data]);
  });
});

describe("dirichlet", () => {
  const law = dirichlet({ concentration: wide([[0.5, 2, 3], [10, 20, 0.1]]) }); // prettier-ignore

  test("log-density and entropy", () => {
    expectClose(law.logProb(wide([[0.2, 0.3, 0.5], [0.3, 0.6, 0.1]])), [0.9067536349052944, -1.267887761206535]); // prettier-ignore
    expectClose(law.entropy(), [-1.9146769909858063, -11.47836264371875], 1e-11);
  });

  test("off the simplex -Infinity, on its border the limit, derivatives that are not NaN", () => {
    const flat = dirichlet({ concentration: [1, 1, 1] });
    expectClose(flat.logProb(np.array([0, 0.5, 0.5])), [Math.LN2], 1e-6);
    const at = (alpha: Tensor, x: Tensor) => dirichlet({ concentration: alpha }).logProb(x);
    const cases = [[[2, 2], [0, 1], -Infinity], [[0.5, 2], [0, 1], Infinity], [[2, 2], [0.5, 0.6], -Infinity], [[2, 2], [-0.5, 1.5], -Infinity]]; // prettier-ignore
    for (const [alpha, x, limit] of cases as [number[], number[], number][]) {
      expect(at(wide(alpha), wide(x)).item()).toBe(limit);
      for (const argnums of [0, 1]) {
        const slope = grad(at, argnums)(wide(alpha), wide(x)) as Tensor;
        expect(slope.data.some(Number.isNaN)).toBe(false);
      }
    }
  });

  test("draws have mean and variance, and lie where the density is not 0", { tags: ["long"] }, () => {
    const draws = drawsOf(law, 6, 20_000);
    expect(draws.shape).toEqual([20_000, 2, 3]);
    expectMean(draws, [...law.mean().data]);
    expectMean(np.square(draws.sub(law.mean())), [...law.variance().data]);
    const narrow = dirichlet({ concentration: [3, 2, 4] });
    expect(narrow.logProb(drawsOf(narrow, 7, 1000)).data.every(Number.isFinite)).toBe(true);
  });
});

test.each([
  [() => gamma({ shape: 0, rate: 1 }), OptionError, /shape must be a finite number above 0, got 0/],
  [() => gamma({ shape: 1, rate: NaN }), OptionError, /rate must be a finite number above 0, got NaN/],
  [() => gamma({ alpha: 1, beta: 1 } as never), OptionError, /Here it is shape/],
  [() => gamma({ shape: 1, scale: 2 } as never), OptionError, /rate is 1 \/ scale/],
  [() => beta({ alpha: 1, beta: 2 } as never), OptionError, /Here it is a\./],
  [() => beta({ a: 1 } as never), OptionError, /b must be a tensor/],
  [
    () => dirichlet({ concentration: [1, -1] }),
    OptionError,
    /concentration must be a finite number above 0, got -1/,
  ],
  [() => dirichlet({ concentration: 1 }), ShapeError, /concentration must be \[\.\.\., n\]/],
] as const)("wrong arguments are typed errors, row %#", (make, kind, text) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(text);
});
