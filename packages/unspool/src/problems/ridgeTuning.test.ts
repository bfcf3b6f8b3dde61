/** The loop that tunes an L2 coefficient against the closed form of ridge regression, in float64. */
import { expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { type GradientEstimator, rtrl, tbptt } from "../estimators/index.ts";
import { unroll } from "../unroll/index.ts";
import { type RidgeTheta, ridgeLoss, ridgeTuning, ridgeWeights } from "./index.ts";

const f64 = { dtype: "float64" } as const;
const draw = (name: string, shape: number[]) => random.normal(random.foldIn(random.key(5), name), shape, f64);
const train = { inputs: draw("X", [30, 3]), targets: draw("y", [30]) };
const validation = { inputs: draw("V", [10, 3]), targets: draw("v", [10]) };
// The curvature is about 30: a step of 0.02 settles to the last bit in a few hundred steps.
const problem = ridgeTuning({ train, validation, stepSize: 0.02 });
const at = 1.5;
const theta: RidgeTheta = { logCoefficient: np.array(at, f64) };

/** The gradient of one estimate after `settled` steps. */
function settledGradient(estimator: (truncation: number) => GradientEstimator<RidgeTheta>): number {
  const settle = estimator(2000);
  const { state } = settle.estimate(theta, settle.init(theta, random.key(0)), random.key(0));
  return estimator(1).estimate(theta, state, random.key(0)).gradient.logCoefficient.item();
}

test("ridgeWeights solves the normal equations", () => {
  const weights = np.array(ridgeWeights(train, at), f64);
  const residual = np.matmul(train.inputs, weights).sub(train.targets);
  const gradient = np.matmul(residual, train.inputs).add(weights.mul(Math.exp(at)));
  for (const entry of gradient.data) expect(Math.abs(entry)).toBeLessThan(1e-12);
});

test("the loop settles at the ridge solution", () => {
  const { losses, state } = unroll(problem, theta, { key: random.key(1), steps: 1000 });
  expect(losses.data.at(-1)! / ridgeLoss({ train, validation }, at)).toBeCloseTo(1, 12);
  const weights = (state as { weights: { data: Float64Array } }).weights.data;
  ridgeWeights(train, at).forEach((wanted, j) => expect(weights[j]).toBeCloseTo(wanted, 12));
});

test("settled, RTRL gives the derivative of the closed form", () => {
  const loss = (x: number) => ridgeLoss({ train, validation }, x);
  const h = 1e-4;
  const wanted = (loss(at + h) - loss(at - h)) / (2 * h);
  const got = settledGradient((truncation) => rtrl(problem, { truncation, objective: "sum" }));
  // Central differences of step 1e-4 are good to about 1e-8 of the third derivative.
  expect(Math.abs(got / wanted - 1)).toBeLessThan(1e-6);
});

test("settled, TBPTT with K = 1 gives the part through the last step: -stepSize e^theta w · V^T(V w - v)", () => {
  const w = ridgeWeights(train, at);
  const miss = np.matmul(validation.inputs, np.array(w, f64)).sub(validation.targets);
  const slope = np.matmul(miss, validation.inputs).data;
  const wanted = -0.02 * Math.exp(at) * w.reduce((sum, wi, i) => sum + wi * slope[i]!, 0);
  const got = settledGradient((truncation) => tbptt(problem, { truncation, objective: "sum" }));
  expect(Math.abs(got / wanted - 1)).toBeLessThan(1e-10);
});

test("wrong shapes are refused", () => {
  const wide = { inputs: draw("V", [10, 4]), targets: draw("v", [10]) };
  expect(() => ridgeTuning({ train, validation: wide })).toThrow(/validation.inputs/);
  expect(() => ridgeTuning({ train: { ...train, targets: wide.targets }, validation })).toThrow(/targets/);
});
