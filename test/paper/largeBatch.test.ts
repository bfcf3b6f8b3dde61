/**
 * Large batches on a small network: 196-100-100-10 without biases on 5,000 MNIST images, three seeds. Rules for the
 * learning rate (Goyal et al. 2017, You et al. 2017, 2020), growing the batch in place of decaying the rate (Smith et
 * al. 2018), controllers, AdaScale. `npm run test:paper`; recorded in docs/results.md. Reference values: an
 * independent float64 NumPy program.
 */
import { largeBatch } from "@unspool/experiments";
import { type CellResults, runStudy } from "unspool";
import { beforeAll, describe, expect, test } from "vitest";
import { batchesPerUpdate } from "../../packages/experiments/src/largeBatch/adaScaleTraining.ts";
import {
  adaScaleOf,
  controlledOf,
  phasedOf,
  scalingOf,
} from "../../packages/experiments/src/largeBatch/largeBatchResults.ts";
import { rules } from "../../packages/experiments/src/largeBatch/scalingRuns.ts";
import type { Trained } from "../../packages/experiments/src/shared/trainedGrid.ts";

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const seeds = 3;
const batchSizes = [50, 500, 1000];
let results: CellResults;

beforeAll(async () => {
  const config = largeBatch.config.parse({ batchSizes, seeds });
  const only = largeBatch.cells(config, 15).flatMap(({ id }) => (id.includes("tuning") ? [] : [id]));
  ({ results } = await runStudy(largeBatch, { config, seed: 15, only }));
}, 900_000);

describe("five epochs at a learning rate that was tuned for batches of 50", () => {
  let trained: Trained[][];
  beforeAll(() => {
    trained = scalingOf(results, batchSizes, seeds).map((one) => one.trained);
    rules.forEach(({ name }, i) =>
      report(
        name,
        trained.map((row) => [row[i]!.trainLoss, row[i]!.testAccuracy]),
      ),
    );
  });
  const lossOf = (batchSize: number, rule: string): number =>
    trained[batchSizes.indexOf(batchSize)]![rules.findIndex(({ name }) => name === rule)]!.trainLoss;

  test("batches of 500: linear scaling is better than the square root, and that than none, by 1.3 each", () => {
    // Reference: .266, .155, .099.
    expect(lossOf(500, "unscaled")).toBeGreaterThan(1.3 * lossOf(500, "square root"));
    expect(lossOf(500, "square root")).toBeGreaterThan(1.3 * lossOf(500, "linear"));
  });
  test("batches of 1000: linear scaling breaks down, the square root does not", () => {
    // Reference: linear at least 1 or NaN, square root .247, unscaled .424.
    const linear = lossOf(1000, "linear");
    expect(Number.isNaN(linear) || linear > lossOf(1000, "unscaled")).toBe(true);
    expect(lossOf(1000, "square root")).toBeLessThan(lossOf(1000, "unscaled") / 1.3);
  });
  test("batches of 1000: LARS is better than the square root, LAMB is not far from it", () => {
    // Reference: LARS .189.
    expect(lossOf(1000, "LARS, square root, warm-up")).toBeLessThan(lossOf(1000, "square root"));
    expect(lossOf(1000, "LAMB, square root, warm-up")).toBeLessThan(lossOf(1000, "unscaled"));
  });
});

interface PhaseEnd {
  accuracy: number;
  loss: number;
  updates: number;
}

test("a batch four times as large is worth a quarter of the learning rate, with 37 % fewer updates", () => {
  const [decay, grow] = ["decay", "grow"].map((name) => {
    const { accuracy, epochs } = phasedOf(results, name)!;
    return { accuracy, ...epochs.at(-1)! };
  }) as PhaseEnd[] as [PhaseEnd, PhaseEnd];
  report("grow or decay", { decay, grow });
  expect(Math.abs(grow.loss / decay.loss - 1)).toBeLessThan(0.15);
  expect(Math.abs(grow.accuracy - decay.accuracy)).toBeLessThan(0.005);
  expect([decay.updates, grow.updates]).toEqual([600, 375]);
});

test("controllers change the batch of a running training, and the noise scale grows as the loss falls", () => {
  const runs = controlledOf(results);
  report(
    "controllers",
    runs.map(({ name, epochs, accuracy }) => ({
      name,
      accuracy,
      epochs: epochs.map((one) => [one.batchSize, one.updates, one.loss, one.noiseScale]),
    })),
  );
  const [plan, coupled, following] = runs.map(({ epochs }) => epochs);
  expect(plan!.map(({ batchSize }) => batchSize)).toEqual([50, 50, 100, 100, 200, 200, 400, 400]);
  for (const epochs of [coupled!, following!]) {
    expect(epochs.at(-1)!.batchSize).toBeGreaterThan(epochs[0]!.batchSize);
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss / 2);
  }
  for (const epochs of runs.map((one) => one.epochs)) {
    // An epoch of few large batches may give no estimate: that of |G|² is then not above 0.
    const known = epochs.filter(({ noiseScale }) => !Number.isNaN(noiseScale));
    expect(known.length).toBeGreaterThanOrEqual(epochs.length - 1);
    expect(known.at(-1)!.noiseScale).toBeGreaterThan(3 * epochs[0]!.noiseScale);
  }
});

test("AdaScale: gains rise from near 1, and fewer updates reach the loss of batches of 50", () => {
  const { gains, updates, trainLoss, testAccuracy } = adaScaleOf(results, seeds)!;
  report("adaScale", { first: gains[0], last: gains.at(-1), updates, trainLoss, testAccuracy });
  for (const gain of gains) {
    expect(gain).toBeGreaterThanOrEqual(1);
    expect(gain).toBeLessThanOrEqual(batchesPerUpdate);
  }
  expect(gains.at(-1)).toBeGreaterThan(1.5 * gains[0]!);
  expect(updates).toBeLessThan(250);
  expect(trainLoss).toBeLessThan(0.06);
});
