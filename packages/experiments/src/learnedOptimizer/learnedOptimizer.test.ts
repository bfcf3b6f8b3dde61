import { pretrainedOptimizerFile, loadLearnedOptimizer, random, train } from "unspool";
import { expect, test } from "vitest";
import { loadMnist } from "../shared/data/mnist.ts";
import { learnedOptimizer } from "./learnedOptimizer.ts";
import { adamRuns, taskProblem, trainingRuns } from "./learnedOptimizerStudy.ts";
import { mean } from "../shared/series.ts";

test("a short run: several networks, every task judged, three figures", async () => {
  const config = { steps: 4, hidden: [[4], []], pairs: 2, horizon: 20, longHorizon: 40, evaluationRuns: 2 };
  const { evaluation, figures } = await train(learnedOptimizer, { config, seed: 0 });
  const { metrics, table } = evaluation!;
  expect(table!.rows).toHaveLength(7);
  expect(table!.rows[1]!.slice(0, 2)).toEqual(["its own, longer", 40]);
  expect(metrics["lossOverAdam"]).toBeCloseTo(metrics["loss"]! / metrics["adamLoss"]!, 12);
  Object.values(metrics).forEach((value) => expect(Number.isFinite(value)).toBe(true));
  expect(figures!.slice(0, 3).map(({ id }) => id)).toEqual([
    "meta-loss",
    "training-curves",
    "beyond-the-horizon",
  ]);
});

test("star-mnist beats Adam with the best of 10 rates on a width, images and seeds that it never saw", () => {
  const { test: images } = loadMnist(4);
  // Meta-training saw networks of 16, 32 and no hidden units, and the training images.
  const settings = { hidden: [24], horizon: 100, batchSize: 32, scales: [1, 1] as const };
  const [seeds, networks] = [5, 8];
  const { learned, meta } = loadLearnedOptimizer(pretrainedOptimizerFile("star-mnist"));
  const bySeed = (each: readonly number[]): number[] =>
    Array.from({ length: seeds }, (_, i) => mean(each.slice(i * networks, (i + 1) * networks)));
  const key = random.key(2026);
  const count = seeds * networks;
  const mine = bySeed(trainingRuns(taskProblem(learned, images, settings), meta, key, count).each);
  const adams = adamRuns(images, settings, key, count).map(({ each }) => bySeed(each));
  expect(adams).toHaveLength(10);
  const wins = mine.filter((loss, seed) => loss < Math.min(...adams.map((losses) => losses[seed]!)));
  expect(wins.length).toBeGreaterThanOrEqual(4);
});
