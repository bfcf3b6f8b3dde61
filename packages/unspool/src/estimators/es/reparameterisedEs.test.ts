/** Gradients at perturbed thetas: closed forms of smoothed losses, and that pairs cancel what is odd. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { defineProblem } from "../../unroll/index.ts";
import { bptt, createEstimator, fullEs } from "../index.ts";
import { f64, gradients, linearProblem, planarSystem } from "../testing.ts";
import { reparameterisedEs } from "./reparameterisedEs.ts";

/** l = sin(w theta), twice: the smoothed gradient of the mean is w cos(w theta) exp(-w² sigma² / 2). */
const sine = (w: number) =>
  defineProblem({
    name: "sine",
    horizon: 2,
    init: () => np.zeros([]),
    step: (at: Tensor, s: Tensor) => ({ state: s, loss: np.sin(at.slice(0).mul(w)) }),
  });

const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance, error: Math.sqrt(variance / values.length) };
};

describe("on sin(w theta) at .4, sigma .1, 8 pairs, 100 estimates", () => {
  const theta = f64([0.4]);
  const options = { sigma: 0.1, pairs: 8 } as const;
  const of = (w: number) => gradients(reparameterisedEs(sine(w), options), theta, 100).flat();
  test("w = 3: the mean is that of the smoothed loss, 10 standard errors from the loss's own gradient", () => {
    const { mean, error } = moments(of(3));
    const smoothed = 3 * Math.cos(1.2) * Math.exp(-0.045);
    expect(Math.abs(mean - smoothed) / error).toBeLessThan(4);
    expect(Math.abs(mean - 3 * Math.cos(1.2)) / error).toBeGreaterThan(10);
  });
  test("its variance is far below that of full ES where the loss is smooth, and above it where gradients are large", () => {
    const es = (w: number) => moments(gradients(fullEs(sine(w), options), theta, 100).flat()).variance;
    expect(moments(of(0.5)).variance).toBeLessThan(1e-3 * es(0.5));
    expect(moments(of(100)).variance).toBeGreaterThan(10 * es(100));
  });
});

test("quadratic losses: pairs cancel, and one estimate is the gradient of bptt, with perturbations of any size", () => {
  const problem = linearProblem(planarSystem);
  const theta = f64([0.3, -0.2]);
  const estimates = gradients(reparameterisedEs(problem, { sigma: 3, pairs: 2, objective: "sum" }), theta, 2);
  // Card 6.2 (b).
  for (const row of estimates) {
    expect(row[0]).toBeCloseTo(8.723299625, 9);
    expect(row[1]).toBeCloseTo(-4.00319615, 9);
  }
});

test("sparse checkpoints, given perturbations and a start at theta", () => {
  const problem = defineProblem({
    name: "curved",
    horizon: 5,
    init: (at: Tensor) => ({ x: at.mul(2) }),
    step(at: Tensor, { x }: { x: Tensor }) {
      const next = np.tanh(x.mul(at).add(0.3));
      return { state: { x: next }, loss: next.sum() };
    },
  });
  const theta = f64([0.7, -0.4]);
  const eps = [0.2, -0.5, 0.1, 0.3];
  const noise = (_theta: unknown, { pair }: { pair: Tensor }): Tensor =>
    np.take(f64(eps).reshape([2, 2]), pair, 0);
  const options = { sigma: 0.1, pairs: 2, noise, objective: "sum" } as const;
  const [all, few] = (["all", { states: 2 }] as const).map((checkpoints) =>
    gradients(reparameterisedEs(problem, { ...options, checkpoints }), theta, 1).flat(),
  );
  expect(few).toEqual(all);
  const sums = [0, 0];
  for (const sign of [1, -1]) {
    for (const at of [0, 2]) {
      const moved = f64([0.7 + sign * eps[at]!, -0.4 + sign * eps[at + 1]!]);
      const [row] = gradients(bptt(problem, { objective: "sum" }), moved, 1);
      row!.forEach((x, p) => (sums[p]! += x / 4));
    }
  }
  all!.forEach((x, p) => expect(x).toBeCloseTo(sums[p]!, 12));
});

test("what cannot be is refused", () => {
  const rough = { ...linearProblem(planarSystem), isDifferentiable: false };
  expect(() => reparameterisedEs(rough)).toThrow(/isDifferentiable is false/);
  const endless = linearProblem(planarSystem, { horizon: Infinity });
  expect(() => reparameterisedEs(endless)).toThrow(/horizon must be finite/);
  expect(createEstimator("reparameterisedEs", linearProblem(planarSystem), { sigma: 1 }).name).toBe(
    "reparameterisedEs",
  );
  const failing = defineProblem({
    horizon: 1,
    init: () => np.zeros([]),
    step: (at: Tensor, s: Tensor) => ({ state: s, loss: np.sqrt(at.slice(0).sub(10)) }),
  });
  const estimator = reparameterisedEs(failing, { pairs: 1 });
  const theta = f64([0]);
  expect(() => estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(0))).toThrow(
    /loss of task 0 is NaN/,
  );
});
