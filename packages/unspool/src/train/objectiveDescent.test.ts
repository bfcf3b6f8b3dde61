import { expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import {
  type ObjectiveOptimizer,
  compiledStep,
  firstOrder,
  gaussianLikelihood,
  lookahead,
  momentum,
  networkObjective,
} from "../optimizers/index.ts";
import { objectiveDescent } from "../methods/index.ts";
import type { Setup } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { train } from "./train.ts";

type Theta = { weights: Tensor };

const data = (key: Key) => ({ inputs: random.normal(key, [8, 3]) });
const truth = np.array([1, -2, 0.5]).reshape([3, 1]);
const objective = ({ inputs }: { inputs: Tensor }) =>
  networkObjective({
    network: (theta: Theta, x, layers) => layers.dense(theta, x),
    likelihood: gaussianLikelihood,
    inputs,
    targets: np.matmul(inputs, truth),
  });
const optimizer = () => firstOrder(lookahead(momentum({ learningRate: 0.1, momentum: 0.5 }), { k: 3 }));
const start = (): Theta => ({ weights: np.zeros([3, 1]) });

const experiment = {
  name: "regression",
  summary: "",
  config: { parse: (value: unknown) => value },
  setup: (): Setup<Theta> => ({
    theta: start(),
    method: objectiveDescent({ optimizer: optimizer(), objective, data }),
    steps: 20,
  }),
};

test("trains theta by the steps of the optimizer, keeps its slow weights, and resumes to the bit", async () => {
  const whole = await train(experiment, { seed: 1 });
  const kept = (whole.theta as Theta).weights.data;
  const { theta: fast, methodState } = whole.state as { theta: unknown; methodState: unknown };
  expect(kept).toEqual((methodState as { slow: Theta }).slow.weights.data);
  expect(kept).not.toEqual((fast as Theta).weights.data);
  kept.forEach((x, i) => expect(x).toBeCloseTo(truth.data[i]!, 1));

  const store = memoryStore();
  await train(experiment, { seed: 1, store, steps: 7 });
  const resumed = await resume(experiment, store, { steps: 20 });
  expect((resumed.theta as Theta).weights.data).toEqual(kept);
});

test("a step is that of compiledStep, to the bit", () => {
  const method = objectiveDescent({ optimizer: optimizer(), objective, data });
  const theta = start();
  const state = method.init(theta, random.key(2));
  const { theta: next, loss } = method.step(theta, state, random.key(3));
  const batch = data(random.foldIn(random.key(3), "batch"));
  const outcome = compiledStep(optimizer(), objective)(theta, state, batch, random.key(4));
  expect(loss).toBeCloseTo(outcome.loss.item(), 5);
  next.weights.data.forEach((x, i) => expect(x).toBeCloseTo(outcome.theta.weights.data[i]!, 5));
});

test("theta is what the optimizer returns, bit for bit: a step from 1 to 1e-8 does not end in 0", () => {
  // As a difference in float32 the step would be 1 - 1e-8 = 1, and 1 - 1 = 0.
  const shrink: ObjectiveOptimizer<{ step: Tensor }> = {
    name: "shrink",
    init: () => ({ step: np.array(0, { dtype: "int32" }) }),
    step: (theta, state, { loss }) => ({
      theta: tree.map((x) => x.mul(1e-8), theta),
      state: { step: state.step.add(1) },
      loss: loss(theta),
      metrics: {},
    }),
  };
  const objective = () => ({ loss: (theta: Tensor) => theta.sum() });
  const method = objectiveDescent({ optimizer: shrink, objective, data: (key: Key) => key });
  const theta = np.array([1, 1]);
  const { theta: next } = method.step(theta, method.init(theta, random.key(0)), random.key(1));
  expect(next.data).toEqual(Float32Array.of(1e-8, 1e-8));
});
