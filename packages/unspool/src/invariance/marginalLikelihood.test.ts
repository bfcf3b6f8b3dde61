import { expect, test } from "vitest";
import { type Layers, type Tensor, grad, np, random, tree } from "../array/index.ts";
import { gaussianLikelihood } from "../optimizers/index.ts";
import { laplaceEvidence } from "./laplaceEvidence.ts";
import { marginalLikelihood, weightDecayOf } from "./marginalLikelihood.ts";

const float64 = { dtype: "float64" } as const;

test("prior precision and noise of trained weights end where the evidence has no slope", () => {
  const options = {
    network: ({ weights }: { weights: Tensor }, x: Tensor, layers: Layers) => layers.dense({ weights }, x),
    likelihood: gaussianLikelihood,
  };
  const inputs = random.normal(random.key(0), [20, 2], float64);
  const weights = np.array([[0.8], [-0.4]], float64);
  const noise = random.normal(random.key(1), [20, 1], float64).mul(0.3);
  const data = { inputs, targets: np.matmul(inputs, weights).add(noise) };
  const objective = marginalLikelihood(options, data, { steps: 300 });
  const start = { logDelta: tree.scalar(0, "float64"), logSigma: tree.scalar(0, "float64") };
  const { at, logMarginal } = objective.improve({ weights }, start);
  expect(logMarginal).toBeGreaterThan(objective.logMarginal({ weights }, start) + 1);
  expect(objective.logMarginal({ weights }, at)).toBe(logMarginal);
  const posterior = laplaceEvidence(options).fit({ weights }, data);
  const value = (own: typeof at) => posterior.logMarginal(own.logDelta, own.logSigma);
  expect(value(at).item()).toBeCloseTo(logMarginal, 10);
  const slope = grad(value)(at) as typeof at;
  expect(Math.abs(slope.logDelta.item())).toBeLessThan(1e-3);
  expect(Math.abs(slope.logSigma!.item())).toBeLessThan(1e-3);
  // 18 degrees of freedom: the deviation of an estimate of sigma is a sixth of it.
  expect(Math.exp(at.logSigma!.item())).toBeGreaterThan(0.15);
  expect(Math.exp(at.logSigma!.item())).toBeLessThan(0.45);
});

test("weight decay is the precision over the examples", () => {
  expect(weightDecayOf(np.array([0, Math.log(5)], float64), 10)).toEqual([0.1, expect.closeTo(0.5, 12)]);
  expect(() =>
    marginalLikelihood(
      { network: (_: object, x: Tensor) => x, likelihood: gaussianLikelihood },
      { inputs: np.zeros([1, 1]), targets: np.zeros([1, 1]) },
      { steps: 0 },
    ),
  ).toThrow("marginalLikelihood: steps must be an integer of at least 1");
});
