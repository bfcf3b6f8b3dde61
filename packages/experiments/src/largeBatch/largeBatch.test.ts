import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { largeBatch } from "./largeBatch.ts";
import { rules } from "./scalingRuns.ts";

const config = { images: 100, batchSizes: [100], batchSize: 100, seeds: 1, steps: 1, pairs: 1 };
const scaled = ["momentum", "lars", "lamb"].map((optimizer) => `batch-100-${optimizer}-network-0`);

/** By `npm run test:robustness`; that a study is stopped and gone on with is tested at a controller in every run. */
const longTest = process.env["UNSPOOL_LONG_TESTS"] ? test : test.skip;

test("there is a cell for every optimizer at every batch size, plan, controller, and part of the tuning", () => {
  const settings = largeBatch.config.parse({ batchSizes: [50, 5000], seeds: 2 });
  expect(largeBatch.cells(settings, 0)).toHaveLength(2 * 3 * 2 + 2 + 3 + 2 + 3);
});

longTest("rules at a batch size, stopped and gone on with", async () => {
  const { tables, figures } = await runStopped(largeBatch, config, { stopAfter: 2, only: scaled });
  expect(tables![0]!.columns).toEqual(["learning rate", "100"]);
  expect(tables![0]!.rows.map(([name]) => name)).toEqual(rules.map(({ name }) => name));
  expect(figures!.map(({ id }) => id)).toEqual(["loss-against-batch"]);
  expect(figures![0]!.series.map(({ y }) => y.length)).toEqual(rules.map(() => 1));
});

longTest("a tuned rate, stopped and gone on with", async () => {
  const only = ["tuning", "before-tuning", "after-tuning"];
  const { metrics, figures } = await runStopped(largeBatch, config, { stopAfter: 3, only });
  expect(figures!.map(({ id }) => id)).toEqual(["tuned"]);
  // Five epochs of one batch each.
  expect(figures![0]!.series.map(({ x }) => x)).toEqual([
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ]);
  expect(metrics).toMatchObject({
    tunedMomentum: expect.any(Number),
    initialMeanLoss: expect.any(Number),
    tunedMeanLoss: expect.any(Number),
  });
});

test("a controller that is stopped between epochs goes on with its batches", { tags: ["long"] }, async () => {
  const only = ["grow", "doubleEvery"];
  const { metrics, figures } = await runStopped(
    largeBatch,
    { ...config, images: 800 },
    { stopAfter: 3, only },
  );
  const [batches] = figures!.find(({ id }) => id === "controllers")!.series;
  expect(batches!.y).toEqual([50, 50, 100, 100, 200, 200, 400, 400]);
  expect(figures!.map(({ id }) => id)).toEqual(["controllers", "noise-scale"]);
  expect(metrics!["doubleEveryUpdates"]).toBe(2 * (16 + 8 + 4 + 2));
});

test("AdaScale has done its work before its steps are used up, and measures its network once", async () => {
  const only = ["ada-scale-network-0"];
  const { metrics, figures } = await runStopped(largeBatch, config, { stopAfter: 2, only });
  const [gains] = figures!.find(({ id }) => id === "adascale-gain")!.series;
  // Ten steps of single batches at most; a gain is between 1 and 10.
  expect(gains!.y).toHaveLength(metrics!["adaScaleUpdates"]!);
  expect(gains!.y.reduce((sum, gain) => sum + gain, 0)).toBeGreaterThanOrEqual(10);
  expect(gains!.y.slice(0, -1).reduce((sum, gain) => sum + gain, 0)).toBeLessThan(10);
  expect(metrics!["adaScaleLoss"]).toBeGreaterThan(0);
});
