/** What a perturbation needs of theta: to be seen in it. And what an estimator needs at all: a problem. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { createEstimator, estimators } from "./index.ts";

const contraction = defineProblem({
  horizon: 4,
  init: (theta: Tensor) => theta.mul(0).add(1),
  step(theta: Tensor, x) {
    const next = x.mul(0.9).add(theta.mul(0.1));
    return { state: next, loss: next.mul(next).sum() };
  },
});
const perturbing = estimators
  .filter(({ options, objective }) => options.includes("sigma") && objective !== "final")
  .map(({ name }) => name);

describe.each(perturbing)("%s", (name) => {
  const start = (sigma: number, theta: Tensor) =>
    createEstimator(name, contraction, { truncation: 4, pairs: 2, sigma }).init(theta, random.key(0));
  test("a sigma that is rounded away beside theta is refused, with the least that is not", () => {
    // Numbers from 0.5 to 1 lie 2^-24 apart in float32, and 2^-53 in float64.
    for (const sigma of [1e-30, 1e-9, 1e-7]) {
      expect(() => start(sigma, np.array([0.5, 0.01]))).toThrow(OptionError);
      expect(() => start(sigma, np.array([0.5]))).toThrow(
        /sigma must be at least 1.2e-7, because float32 .* 6.0e-8 apart/,
      );
    }
    expect(() => start(1e-17, np.array([0.5], { dtype: "float64" }))).toThrow(/at least 2.2e-16/);
    expect(() => start(1e-7, np.array([0.5], { dtype: "float64" }))).not.toThrow();
    expect(() => start(1e-6, np.array([0.5, 0.01]))).not.toThrow();
    expect(() => start(1e-9, np.zeros([2]))).not.toThrow();
  });
});

test.each(estimators.map(({ name }) => name))(
  "%s of something that is no problem says how to make one",
  (name) => {
    for (const odd of [undefined, null, {}, { horizon: 3 }, 5]) {
      expect(() => createEstimator(name, odd as never, { truncation: 2 })).toThrow(OptionError);
      expect(() => createEstimator(name, odd as never, {})).toThrow(
        /problem must be an inner problem, got .*defineProblem\(\{ horizon, init, step \}\)/,
      );
    }
  },
);

test("names that every object of JavaScript has are no estimators", () => {
  for (const name of ["constructor", "__proto__", "toString"])
    expect(() => createEstimator(name, contraction, {})).toThrow(/createEstimator: name must be one of/);
});
