/** Thetas whose leaves were cast from plain numbers. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { createEstimator } from "./index.ts";

type Theta = { rate: Tensor };

const problem = defineProblem({
  name: "decay",
  horizon: 4,
  init: ({ rate }: Theta) => np.ones([], { dtype: rate.dtype }),
  step({ rate }: Theta, x: Tensor) {
    const next = x.mul(rate);
    return { state: next, loss: next };
  },
});

for (const name of ["bptt", "tbptt", "rtrl", "nres"] as const) {
  test(`${name} takes a scalar that was cast to float64`, () => {
    const theta = { rate: np.array(1.5).astype("float64") };
    const estimator = createEstimator(name, problem, { truncation: 4, objective: "sum" });
    const { loss, gradient } = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
    expect(gradient.rate.dtype).toBe("float64");
    if (name === "nres") return;
    // r + r² + r³ + r⁴ and its derivative at 1.5.
    expect(loss).toBeCloseTo(1.5 + 2.25 + 3.375 + 5.0625, 12);
    expect(gradient.rate.item()).toBeCloseTo(1 + 3 + 6.75 + 13.5, 12);
  });
}
