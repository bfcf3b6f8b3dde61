import { expect, test } from "vitest";
import { initTraining, random, train, trainSteps } from "unspool";
import { reverseOptimizer } from "./reverseOptimizer.ts";

const small = { units: 3, horizon: 6, tasks: 4, evaluationTasks: 4 };

test("a recurrent optimizer starts from doing nothing and learns to train", async () => {
  const config = { ...small, steps: 60, learningRate: 0.02 };
  const { metrics, evaluation } = await train(reverseOptimizer, { config, seed: 1 });
  // Its readout is 0: no task moves, so that every loss is that of the first step.
  expect(metrics[0]!.loss).toBeCloseTo(1, 6);
  expect(evaluation!.metrics["learned"]).toBeLessThan(0.9);
  expect(evaluation!.metrics["momentum"]).toBeLessThan(0.9);
});

test.each(["rosenbrock", "two-moons"])("the task %s can be trained on", async (task) => {
  const config = reverseOptimizer.config.parse({ ...small, tasks: 1, horizon: 2, task });
  const setup = await reverseOptimizer.setup(config, random.key(0));
  const { records } = trainSteps(setup as never, initTraining(setup as never, random.key(0)), 1);
  expect(records[0]!.loss).toBeCloseTo(1, 5);
  expect(records[0]!.gradientNorm).toBeGreaterThan(0);
});
