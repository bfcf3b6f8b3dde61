import { expect, test } from "vitest";
import { type Key, type Tensor, np, random } from "../array/index.ts";
import {
  compiledStep,
  firstOrder,
  gaussianLikelihood,
  lookahead,
  momentum,
  networkObjective,
} from "../optimizers/index.ts";
import type { Setup } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { train } from "./train.ts";
import { trainingSteps } from "./trainingSteps.ts";

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
    ...trainingSteps({ optimizer: optimizer(), objective, data }),
    steps: 20,
  }),
};

test("trains theta by the steps of the optimizer, keeps its slow weights, and resumes to the bit", async () => {
  const whole = await train(experiment, { seed: 1 });
  const kept = (whole.theta as Theta).weights.data;
  const { theta: fast, estimatorState } = whole.state as { theta: unknown; estimatorState: unknown };
  expect(kept).toEqual((estimatorState as { slow: Theta }).slow.weights.data);
  expect(kept).not.toEqual((fast as Theta).weights.data);
  kept.forEach((x, i) => expect(x).toBeCloseTo(truth.data[i]!, 1));

  const store = memoryStore();
  await train(experiment, { seed: 1, store, steps: 7 });
  const resumed = await resume(experiment, store, { steps: 20 });
  expect((resumed.theta as Theta).weights.data).toEqual(kept);
});

test("a step is that of compiledStep", () => {
  const { estimator } = trainingSteps({ optimizer: optimizer(), objective, data });
  const theta = start();
  const state = estimator.init(theta, random.key(2));
  const { gradient, loss } = estimator.estimate(theta, state, random.key(3));
  const batch = data(random.foldIn(random.key(3), "batch"));
  const outcome = compiledStep(optimizer(), objective)(theta, state as never, batch, random.key(4));
  expect(loss).toBeCloseTo(outcome.loss.item(), 5);
  (gradient as Theta).weights.data.forEach((x, i) =>
    expect(x).toBeCloseTo(-outcome.theta.weights.data[i]!, 5),
  );
});
