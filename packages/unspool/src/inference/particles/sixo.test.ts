/** The alternation of twist and model, and the loss by which a twist learns. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { adam, sgd } from "../../optimizers/index.ts";
import { descent } from "../../methods/index.ts";
import { type GaussianDriftTheta, driftSeries, gaussianDrift } from "../stateSpace/gaussianDrift.ts";
import { densityRatio, trajectoryPairs, twistLogits } from "./densityRatio.ts";
import { particleBound } from "./particleBound.ts";
import { particleBoundEstimator } from "./particleBoundEstimator.ts";
import { affineProposal } from "./proposals/affineProposal.ts";
import { sixo } from "./sixo.ts";
import { affineGaussianTwist } from "./twists/affineGaussianTwist.ts";
import { lastObservation, quadraticMlpTwist } from "./twists/quadraticMlpTwist.ts";
import type { TwistMoments } from "./twists/standardise.ts";
import { twistTrainer } from "./twistTrainer.ts";

const steps = 3;
const model = gaussianDrift({ alpha: 0.2 });
const proposal = affineProposal({ steps, stateSize: 1, inputs: lastObservation });
const data = driftSeries([0.5, 2, -1], steps);
const sizes = { steps, stateSize: 1, observationSize: 1 };

describe("the method", () => {
  const twist = quadraticMlpTwist({ ...sizes, hidden: [4], standardise: "running" });
  const options = { model, proposal, twist, particles: 4, criterion: "always" as const };
  const method = sixo({
    ...{ ...options, data, batch: 2, twistBatch: 8, modelSteps: 1, twistSteps: 2 },
    optimizers: { model: sgd({ learningRate: 0.1 }), twist: adam() },
  });
  const start = particleBound(options).init(random.key(0));
  const first = method.init(start, random.key(1));
  const taken = [0, 1, 2].reduce(
    (all, i) => {
      const { theta, state } = all.at(-1)!;
      return [...all, method.step(theta, state, random.foldIn(random.key(2), i))];
    },
    [{ theta: start, state: first }] as (Pick<ReturnType<typeof method.step>, "theta" | "state"> &
      Partial<ReturnType<typeof method.step>>)[],
  );
  const moved = (part: "model" | "proposal" | "twist", i: number): boolean =>
    tree.norm(tree.subtract(taken[i]!.theta[part], taken[i + 1]!.theta[part])).item() > 0;

  test("twist steps move the twist alone, model steps the rest, and both optimizers keep their state", () => {
    expect([0, 1, 2].map((i) => [moved("model", i), moved("proposal", i), moved("twist", i)])).toEqual([
      [false, false, true],
      [false, false, true],
      [true, true, false],
    ]);
    expect((taken[3]!.state.twist as { step: Tensor }).step.item()).toBe(2);
    expect((taken[3]!.state.model as { step: Tensor }).step.item()).toBe(1);
  });

  test("steps of the twist have no loss, and say how well it classifies", () => {
    expect(taken[1]!.loss).toBe(null);
    // The network gives 0 at first: log 4 for both states, and a coin's accuracy (0 is not above 0: all are told negative).
    expect(taken[1]!.metrics!["twistLoss"]).toBeCloseTo(Math.log(4), 5);
    expect(taken[1]!.metrics!["accuracy"]).toBeCloseTo(0.5, 6);
    expect(taken[1]!.metrics!.innerSteps).toBe(2 * 8 * steps);
    expect(taken[3]!.metrics!.innerSteps).toBe(2 * 4 * steps);
    expect(taken[3]!.metrics!["logEvidence"]).toBe(-taken[3]!.loss!);
  });

  test("running moments move towards those of the simulations", () => {
    const { stateMean, stateSd } = taken[2]!.theta.twist.moments!;
    // Means rise along the drift; two batches of 8 at a rate of 0.01.
    expect(stateSd.data[2]).toBeGreaterThan(1);
    expect(Math.abs(stateMean.data[2]!)).toBeLessThan(0.1);
    expect(stateMean.data[2]).not.toBe(0);
  });

  test("a loss that is not finite names the step of the series", () => {
    const broken = { ...start, proposal: { ...start.proposal, bias: np.array([[0], [NaN], [0]]) } };
    const modelPhase = { ...first, step: np.array(2, { dtype: "int32" }) };
    expect(() => method.step(broken, modelPhase, random.key(0))).toThrow(
      /at step 1 of series 0 of the batch is NaN/,
    );
  });
});

test("the loss is that of its equation, pair by pair, and no gradient leaves the twist", () => {
  const twist = affineGaussianTwist({ steps, stateSize: 1 });
  const observed = np.array([0, 0, 1], { dtype: "bool" });
  const settings = { model, twist, steps, observed, batch: 5 };
  const theta = model.init(random.key(0));
  const pairs = trajectoryPairs(settings, theta, random.key(4));
  expect([pairs.x.shape, pairs.y.shape, pairs.others.shape]).toEqual([[5, 3, 1], [5, 3, 1], [5, 3, 1]]); // prettier-ignore
  // Nothing is seen before the end.
  expect([...pairs.y.slice([], [0, 2]).data].every((y) => y === 0)).toBe(true);
  const params = twist.init(random.key(0));
  const { loss, scores } = densityRatio(settings, params, theta, pairs);
  const logTwist = (x: number, y: number): number => -0.5 * (Math.log(2 * Math.PI) + (y - x) ** 2);
  const logSigmoid = (g: number): number => -Math.log1p(Math.exp(-g));
  const [x, y, others] = [pairs.x, pairs.y, pairs.others].map((z) => z.data) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let [sum, right] = [0, 0];
  for (let j = 0; j < 5; j++) {
    for (let t = 0; t < 2; t++) {
      const last = y[3 * j + 2]!;
      const [own, other] = [logTwist(x[3 * j + t]!, last), logTwist(others[3 * j + t]!, last)];
      sum += logSigmoid(own) + logSigmoid(-other);
      right += (own > 0 ? 1 : 0) + (other > 0 ? 0 : 1);
    }
  }
  expect(loss.item()).toBeCloseTo(-sum / 10, 5);
  expect(scores.accuracy.item()).toBeCloseTo(right / 20, 6);
  expect(twistLogits(settings, params, theta, pairs).shape).toEqual([5, 2, 2]);
});

test("trajectories that are not usable weigh nothing", () => {
  const twist = affineGaussianTwist({ steps, stateSize: 1 });
  const isUsable = (_: Tensor, y: Tensor): Tensor => y.slice(-1, 0).greater(0);
  const settings = { model, twist, steps, batch: 16, isUsable };
  const { x, weights } = trajectoryPairs(settings, model.init(random.key(0)), random.key(1));
  const used = Array.from({ length: 16 }, (_, j) => (weights.data[2 * j] ?? 0) > 0);
  expect(new Set(used).size).toBe(2);
  used.forEach((isUsed, j) => {
    if (isUsed) expect(x.data[3 * j]).not.toBe(0);
  });
});

test("the trainer learns the twist of a known model", () => {
  const twist = quadraticMlpTwist({
    ...sizes,
    hidden: [8],
    standardise: ({ alpha }: GaussianDriftTheta) => moments(alpha),
  });
  const observed = np.array([0, 0, 1], { dtype: "bool" });
  const trainer = twistTrainer({
    model,
    modelTheta: model.init(random.key(0)),
    twist,
    steps,
    observed,
    batch: 64,
  });
  const method = descent(trainer, adam({ learningRate: 0.02 }));
  let theta = twist.init(random.key(0));
  let state = method.init(theta, random.key(0));
  for (let i = 0; i < 200; i++)
    ({ theta, state } = method.step(theta, state, random.foldIn(random.key(1), i)));
  const { metrics } = trainer.estimate(theta, {}, random.key(9));
  expect(metrics).toMatchObject({ innerSteps: 2 * 64 * steps });
  const { accuracy, logProb, f1 } = metrics as unknown as Record<string, number>;
  // States and y are normal with correlations 1/2 and 1/sqrt 2: far from a coin, whose log-probability is -log 2.
  expect(accuracy).toBeGreaterThan(0.58);
  expect(f1).toBeGreaterThan(0.55);
  expect(logProb).toBeGreaterThan(-0.67);
});

/** Of the states and of the one observation. */
function moments(alpha: Tensor): TwistMoments {
  const clock = np
    .arange(1, steps + 1)
    .astype("float32")
    .reshape([-1, 1]);
  return {
    stateMean: clock.mul(alpha),
    stateSd: np.sqrt(clock) as Tensor,
    observationMean: alpha.mul(steps + 1),
    observationSd: np.array(Math.sqrt(steps + 1)),
  };
}

test("the bound as an estimator: its gradient leaves out what does not learn", { tags: ["long"] }, () => {
  const twist = affineGaussianTwist({ steps, stateSize: 1 });
  const options = { model, proposal, twist, particles: 4, criterion: "always" as const, data };
  const theta = particleBound({ model, proposal, twist }).init(random.key(0));
  const estimate = particleBoundEstimator({ ...options, learns: ["proposal"] }).estimate(
    theta,
    {},
    random.key(1),
  );
  expect(tree.norm(estimate.gradient.model).item()).toBe(0);
  expect(tree.norm(estimate.gradient.twist).item()).toBe(0);
  expect(tree.norm(estimate.gradient.proposal).item()).toBeGreaterThan(0);
  expect(estimate.metrics.innerSteps).toBe(3 * 4 * steps);
  const joint = particleBoundEstimator({
    ...options,
    learns: ["model", "proposal", "twist"],
    resamplingGradient: "scoreFunctionRaoBlackwell",
  });
  expect(tree.norm(joint.estimate(theta, {}, random.key(1)).gradient.twist).item()).toBeGreaterThan(0);
});
