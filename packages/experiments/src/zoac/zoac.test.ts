/** The studies at a small size: stopped and gone on with they are the same; every method within its budget. */
import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { medianCurve, returnsAlong } from "./controlFigures.ts";
import { controlTraining } from "./controlTraining.ts";
import { ppoTraining } from "./ppoTraining.ts";
import { zoacCartpole } from "./zoacCartpole.ts";

test("stopped in the middle it comes to the same", async () => {
  const config = { seeds: 1, budget: 1500, steps: 4 };
  const { metrics, figures, tables } = await runStopped(zoacCartpole, config, {
    stopAfter: 6,
    only: ["es-0", "ars-0", "ppo-0"],
  });
  expect(Object.keys(metrics!)).toEqual(["es median", "es 0", "ars median", "ars 0", "ppo median", "ppo 0"]);
  expect(figures![0]!.series.map(({ name }) => name)).toEqual(["es", "ars", "ppo"]);
  expect(tables![0]!.rows).toHaveLength(3);
});

test("a run stands still once its budget is spent, and draws what the controller does", async () => {
  const config = { task: "acc", method: "no-critic", budget: 1500, steps: 5 };
  const { metrics, figures, evaluation } = await train(controlTraining, { config, seed: 1 });
  // A step takes at most 10 samplers · 5 segments · 20 steps.
  const spent = metrics.map(({ innerSteps }) => innerSteps);
  expect(spent[4]).toBeGreaterThanOrEqual(1500);
  expect(spent[4]).toBeLessThan(2500);
  expect(spent[4]).toBe(spent[3]);
  expect(metrics[4]!.theta).toEqual(metrics[3]!.theta);
  expect(figures.map(({ id }) => id)).toEqual(["returns", "cruise", "cars"]);
  expect(figures[2]!.frames!.length).toBeGreaterThan(1);
  expect(evaluation!.metrics["cost"]).toBeGreaterThan(0);
});

test("PPO trains a linear policy of ten observations, and is judged by its mode", async () => {
  const config = { task: "acc", budget: 500, steps: 3, samplers: 4, played: 32, epochs: 2 };
  const { figures, evaluation } = await train(ppoTraining, { config, seed: 1 });
  expect(figures.map(({ id }) => id)).toEqual(["returns"]);
  // The car behind hardly does anything at first, and loses the one ahead.
  expect(evaluation!.metrics["initial cost"]).toBeGreaterThan(500);
});

test("a median over runs begins where all have, and keeps what each has last reached", () => {
  const runs = [
    { x: [10, 20], y: [1, 3] },
    { x: [20, 30], y: [5, 7] },
  ];
  expect(medianCurve(runs, 40, 4)).toEqual({ x: [20, 30, 40], y: [4, 5, 5] });
  const record = { step: 1, durationMs: 1, innerSteps: 9 };
  const records = [
    { ...record, loss: -2, meanReturn: 4 },
    { ...record, loss: -2 },
    { ...record, loss: -3, candidates: 8 },
  ];
  expect(returnsAlong(records)).toEqual({ x: [9, 9], y: [4, 3] });
});
