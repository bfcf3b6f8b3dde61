import { memoryStore, random, resume, train, tree } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { ratio } from "./heldOutFigures.ts";
import { heldOutTasks } from "./heldOutTasks.ts";
import { learnedOptimizerHeldOut } from "./learnedOptimizerHeldOut.ts";
import { learnedOptimizerPool } from "./learnedOptimizerPool.ts";
import { poolWindow } from "./poolEstimator.ts";
import { poolKinds, poolTasks } from "./poolTasks.ts";

test(
  "a short training, stopped and gone on with, has the bits of one that was not",
  { tags: ["long"] },
  async () => {
    const config = {
      architecture: "learnableAdam",
      options: {},
      ...{ tasks: 3, tasksPerStep: 2, longest: 8, dearest: 5e5, pairs: 1, truncation: 4, steps: 4 },
    };
    const whole = await train(learnedOptimizerPool, { config, seed: 1 });
    const store = memoryStore();
    const controller = new AbortController();
    const stopped = await train(learnedOptimizerPool, {
      ...{ config, seed: 1, store, signal: controller.signal },
      onEvent: (event) => {
        if (event.type === "step" && event.record.step === 2) controller.abort();
      },
    });
    expect(stopped.interrupted).toBe(true);
    const resumed = await resume(learnedOptimizerPool, store);
    expect(tree.flatten(resumed.theta)).toEqual(tree.flatten(whole.theta));
    expect(resumed.evaluation).toEqual(whole.evaluation);
    expect(whole.evaluation!.table!.rows).toHaveLength(3);
  },
);

test("tasks of the pool are of the sizes that are promised, and of many", () => {
  const tasks = poolTasks(random.key(0), { kinds: poolKinds, tasks: 40, longest: 2000, dearest: 1e7 });
  for (const task of tasks) {
    expect(task.cost).toBeLessThanOrEqual(1e7);
    expect(task.horizon).toBeGreaterThanOrEqual(50);
    expect(task.horizon).toBeLessThanOrEqual(2000);
    const { truncation, horizon } = poolWindow(task, { truncation: 40, windowCost: 4e7 });
    expect(horizon % truncation).toBe(0);
    // Rounded to whole windows, at most half of one away.
    expect(Math.abs(horizon - task.horizon)).toBeLessThanOrEqual(truncation / 2);
  }
  const widths = tasks.flatMap(({ words }) =>
    words
      .match(/ ([\d-]+),/)![1]!
      .split("-")
      .slice(1, -1)
      .map(Number),
  );
  expect(Math.min(...widths)).toBeLessThan(10);
  expect(Math.max(...widths)).toBeGreaterThan(200);
  const names = heldOutTasks.map(({ name }) => name);
  expect(new Set(names).size).toBeGreaterThanOrEqual(10);
});

test("a short table, stopped and gone on with", { tags: ["long"] }, async () => {
  const { metrics, tables } = await runStopped(
    learnedOptimizerHeldOut,
    { tasks: ["factorisation"], optimizers: ["star-mnist"], runs: 2, longest: 3 },
    { stopAfter: 7 },
  );
  expect(tables![0]!.rows).toHaveLength(1);
  expect(tables![0]!.rows[0]!.slice(0, 2)).toEqual(["a 40x40 matrix of rank 4 as a product", 3]);
  expect(metrics!["star-mnist median over tuned Adam"]).toBeGreaterThan(0);
});

test("a ratio of means and its standard error", () => {
  // Proportional pairs have no error; for (1, 3) over (1, 1) the mean of a - 2 b has deviation sqrt(2), error 1.
  expect(ratio([2, 4], [1, 2])).toEqual({ value: 2, error: 0 });
  expect(ratio([1, 3], [1, 1]).value).toBe(2);
  expect(ratio([1, 3], [1, 1]).error).toBeCloseTo(1, 12);
});
