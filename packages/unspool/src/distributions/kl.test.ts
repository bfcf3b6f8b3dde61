/** Divergences. Values: torch.distributions 1.13 in float64, of gamma functions mpmath 1.3 with 40 digits. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np } from "../array/index.ts";
import { ShapeError, UnspoolError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import {
  bernoulli,
  beta,
  categorical,
  diagonalNormal,
  dirichlet,
  expBijector,
  gamma,
  independent,
  kl,
  multivariateNormal,
  normal,
  poisson,
  sigmoidBijector,
  studentT,
  transformed,
} from "./index.ts";
import { drawsOf, expectClose, expectMean, wide } from "./testing.ts";

const diagonal = diagonalNormal({ mean: wide([0.5, -1]), sd: wide([0.7, 2.5]) });
const full = multivariateNormal({ mean: wide([0, 0.3]), covariance: wide([[1, -0.2], [-0.2, 0.9]]) }); // prettier-ignore
const skewed = multivariateNormal({ mean: wide([0.5, -1]), covariance: wide([[2, 0.6], [0.6, 0.5]]) }); // prettier-ignore
const numbers = [
  normal({ mean: wide([0.5, -1]), sd: wide([0.7, 2.5]) }),
  normal({ mean: wide([0, 1]), sd: wide([1, 0.4]) }),
] as const;

const pairs = [
  [numbers[0], numbers[1], [0.22667494393873244, 29.698668536251688]],
  [diagonal, full, [3.2172983485926347]],
  [full, diagonal, [1.1177374368843473]],
  [skewed, full, [1.5866855948190108]],
  [categorical({ logits: wide([[0.1, -2, 3], [0, 0, 1]]) }), categorical({ logits: wide([[1, 0, 0.5], [2, -1, 0]]) }), [0.9155867912742961, 0.9825766327729782]], // prettier-ignore
  [bernoulli({ logits: wide(0.3) }), bernoulli({ logits: wide(-2) }), [0.593790555241261]],
  [poisson({ rate: wide(3) }), poisson({ rate: wide(0.5) }), [2.875278407684165]],
  [gamma({ shape: wide([2, 0.3]), rate: wide([3, 1]) }), gamma({ shape: wide([4, 0.3]), rate: wide([0.5, 1.1]) }), [6.446562009276674, 0.0014069460587025444]], // prettier-ignore
  [beta({ a: wide(2), b: wide(3) }), beta({ a: wide(4), b: wide(0.5) }), [3.1036278244316464]],
  [dirichlet({ concentration: wide([0.5, 2, 3]) }), dirichlet({ concentration: wide([10, 20, 0.1]) }), [38.84326734087575]], // prettier-ignore
] as const;

test.each(pairs)("of %#: the closed form, and 0 for the same one", (p, q, expected) => {
  expectClose(kl(p, q), expected, 1e-11);
  expectClose(kl(p, p), expected.map(() => 0), 1e-11); // prettier-ignore
});

test.each(pairs)("of %#: the mean of what draws say", { tags: ["long"] }, (p, q, expected) => {
  const draws = drawsOf(p, 1, 20_000);
  expectMean(p.logProb(draws).sub(q.logProb(draws)), expected);
});

describe("made of others", () => {
  test("independent ones add up, transformed ones keep theirs", () => {
    const [p, q] = numbers;
    const sum = kl(p, q).sum().item();
    expectClose(kl(independent(p), independent(q)), [sum]);
    expectClose(kl(diagonal, diagonalNormal({ mean: wide([0, 1]), sd: wide([1, 0.4]) })), [sum]);
    expectClose(kl(transformed(p, expBijector), transformed(q, expBijector)), [...kl(p, q).data]);
  });

  test("batches broadcast, and derivatives compile", () => {
    const wideBatch = diagonalNormal({ mean: np.zeros([5, 1, 2], { dtype: "float64" }), sd: 2 });
    expect(kl(wideBatch, diagonal).shape).toEqual([5, 1]);
    expect(kl(wideBatch, full).shape).toEqual([5, 1]);
    const slope = compiled(
      "slope",
      grad((mean: Tensor) => kl(normal({ mean, sd: 1 }), normal({ mean: 0, sd: 2 }))),
    );
    expectClose(slope(wide(3)), [3 / 4]);
  });

  test("what q does not have is infinitely far", () => {
    expect(kl(bernoulli({ probs: 0.5 }), bernoulli({ probs: 0 })).item()).toBe(Infinity);
    expectClose(kl(bernoulli({ probs: wide(0) }), bernoulli({ probs: wide(0.5) })), [Math.LN2]);
    expect(kl(categorical({ probs: [0.5, 0.5] }), categorical({ probs: [1, 0] })).item()).toBe(Infinity);
    expect(kl(poisson({ rate: 1 }), poisson({ rate: 0 })).item()).toBe(Infinity);
  });
});

test("a pair without a form is a typed error that names it and the way out", () => {
  const make = () => kl(studentT({ df: 3 }), normal({ mean: 0, sd: 1 }));
  expect(make).toThrow(UnspoolError);
  expect(make).toThrow(
    /kl: there is no closed form for studentT and normal\. Estimate it from draws: x = p\.sample/,
  );
  const base = normal({ mean: 0, sd: 1 });
  expect(() => kl(transformed(base, expBijector), transformed(base, sigmoidBijector))).toThrow(/transformed\(normal, exp\) and/); // prettier-ignore
  expect(() => kl(diagonal, numbers[0])).toThrow(ShapeError);
});
