/** Thetas of every kind of number, in every estimator. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";
import { defineProblem } from "../../unroll/index.ts";
import { createEstimator, estimatorNames } from "../index.ts";

type Theta = { rate: Tensor; shift: Tensor };

const problem = defineProblem({
  name: "affine",
  horizon: 4,
  init: ({ rate }: Theta) => ({ x: rate }),
  finalLoss: (_theta, { x }) => x,
  step({ rate, shift }: Theta, { x }) {
    const next = x.mul(rate.astype(x.dtype)).add(shift.astype(x.dtype));
    return { state: { x: next }, loss: next };
  },
});
const options = { truncation: 4, pairs: 4, sigma: 0.01, objective: "sum" } as const;
const float = (x: number, dtype: "float32" | "float64") => np.array(x, { dtype });

test.each(estimatorNames)(
  "%s of a theta of float32 and float64 gives the gradient of one of float64",
  (name) => {
    const gradientOf = (theta: Theta) => {
      const estimator = createEstimator(name, problem, options);
      const { gradient } = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
      tree.requireSame("test", "the gradient", theta, gradient);
      return [...tree.flatten(gradient)];
    };
    const mixed = gradientOf({ rate: float(0.5, "float32"), shift: float(0.25, "float64") });
    const double = gradientOf({ rate: float(0.5, "float64"), shift: float(0.25, "float64") });
    // Both numbers are exact in float32; perturbations, of sigma 0.01 and weighed by 1 / sigma, are rounded to 6e-8.
    mixed.forEach((g, i) => expect(Math.abs(g - double[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(double[i]!))));
  },
);

test.each(estimatorNames)("%s names an integer leaf of theta", (name) => {
  const estimator = createEstimator(name, problem, options);
  const theta = { rate: np.array(1, { dtype: "int32" }), shift: float(1, "float32") };
  expect(() => estimator.init(theta, random.key(0))).toThrow(ShapeError);
  expect(() => estimator.init(theta, random.key(0))).toThrow(
    `${name}: theta at "rate" is int32[], which has no derivative`,
  );
});

test.each(estimatorNames)("%s takes plain numbers in theta, as in a state", (name) => {
  const estimates = [
    { rate: 0.5, shift: 0.25 } as unknown as Theta,
    { rate: float(0.5, "float32"), shift: float(0.25, "float32") },
  ].map((theta) => {
    const estimator = createEstimator(name, problem, options);
    const { loss, gradient } = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
    return [loss, ...tree.flatten(gradient)];
  });
  expect(estimates[0]).toEqual(estimates[1]);
});
