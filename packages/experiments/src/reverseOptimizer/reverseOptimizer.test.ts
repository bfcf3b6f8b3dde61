import { expect, test } from "vitest";
import { type CwRnnMeta, type Problem, initTraining, random, train, trainSteps, tree, unroll } from "unspool";
import { reverseOptimizer } from "./reverseOptimizer.ts";

const small = { units: 3, horizon: 6, tasks: 4, evaluationTasks: 4 };

test("a recurrent optimizer starts from doing nothing and learns to train", { tags: ["long"] }, async () => {
  const config = { ...small, steps: 60, learningRate: 0.02 };
  const { metrics, evaluation } = await train(reverseOptimizer, { config, seed: 1 });
  // Its readout is 0: no task moves, so that every loss is that of the first step.
  expect(metrics[0]!.loss).toBeCloseTo(1, 6);
  expect(evaluation!.metrics["learned"]).toBeLessThan(0.9);
  expect(evaluation!.metrics["momentum"]).toBeLessThan(0.9);
});

test.each([
  ["rosenbrock", {}, 1e-5],
  ["two-moons", { points: 8, hidden: [4], layers: 2 }, 1e-5],
  // Each step has a batch of its own.
  ["mnist", { pool: 4, channels: [2] }, 0.3],
])("the task %s can be trained on", async (task, sizes, spread) => {
  const config = reverseOptimizer.config.parse({ ...small, tasks: 1, horizon: 2, task, ...sizes });
  const setup = await reverseOptimizer.setup(config, random.key(0));
  const { records } = trainSteps(setup as never, initTraining(setup as never, random.key(0)), 1);
  expect(Math.abs(records[0]!.loss - 1)).toBeLessThan(spread);
  expect(records[0]!.gradientNorm).toBeGreaterThan(0);
});

test("sizes of tasks and the meta-loss come from the config", async () => {
  const nameWith = async (config: Record<string, unknown>): Promise<string> => {
    const setup = await reverseOptimizer.setup(reverseOptimizer.config.parse(config), random.key(0));
    return setup.inner!.problem.name;
  };
  expect(await nameWith({ task: "two-moons", hidden: [64, 64, 64], layers: 2 })).toBe(
    "cwRnn(gru 16-16) on twoMoons 2-64-64-64-1",
  );
  const config = { ...small, tasks: 1, metaLoss: "final", penalty: 0.01 };
  const { theta, ...setup } = await reverseOptimizer.setup(
    reverseOptimizer.config.parse(config),
    random.key(0),
  );
  const { losses } = unroll(setup.inner!.problem as Problem<CwRnnMeta>, theta, { key: random.key(1) });
  // The relative loss of an optimizer that does nothing is 1, of which the last of 6 steps holds all; and the length.
  const length = Math.hypot(...tree.flatten(theta));
  losses.data.forEach((x, t) => expect(x).toBeCloseTo(0.01 * length + (t === 5 ? 6 : 0), 4));
});
