/** A short run: images are drawn, losses fall, and re-training is measured. The claims are in test/paper. */
import { memoryStore, resume, train } from "unspool";
import { expect, test } from "vitest";
import { datasetDistillation } from "./datasetDistillation.ts";

const config = {
  steps: 45,
  trainingImages: 500,
  testImages: 100,
  retrainSteps: 20,
  retrainSeeds: 2,
  batchSize: 32,
};

test("images, losses and gaps", { tags: ["long"] }, async () => {
  const { metrics, evaluation, figures } = await train(datasetDistillation, { config, seed: 1 });
  const mean = (from: number, to: number): number =>
    metrics.slice(from, to).reduce((sum, { loss }) => sum + loss, 0) / (to - from);
  expect(mean(35, 45)).toBeLessThan(mean(0, 10));
  const { heatmap } = figures.find(({ id }) => id === "distilled-images")!;
  // Three rows of four images of 14 × 14 with a line between them.
  expect([heatmap!.x.length, heatmap!.y.length]).toEqual([59, 44]);
  expect(heatmap!.values.filter((value) => !Number.isNaN(value))).toHaveLength(10 * 196);
  const gaps = metrics.filter((record) => "retrainGap" in record);
  expect(gaps).toHaveLength(15);
  expect(evaluation!.table!.rows).toHaveLength(4);
  expect(evaluation!.metrics["accuracy"]).toBeGreaterThanOrEqual(0);
});

test(
  "cold starts, learned labels, and a run that goes on where it was stopped",
  { tags: ["long"] },
  async () => {
    const cold = {
      ...config,
      strategy: "cold",
      innerSteps: 3,
      learnLabels: true,
      hypergradient: "identity",
      steps: 4,
    };
    const whole = await train(datasetDistillation, { config: cold, seed: 2 });
    const store = memoryStore();
    await train(datasetDistillation, { config: cold, seed: 2, steps: 2, store });
    const resumed = await resume(datasetDistillation, store, { steps: 4 });
    expect(resumed.metrics.map(({ loss }) => loss)).toEqual(whole.metrics.map(({ loss }) => loss));
  },
);
