import { pretrainedOptimizerFile, loadLearnedOptimizer, random, train } from "unspool";
import { expect, test } from "vitest";
import { loadMnist } from "../shared/data/mnist.ts";
import { runStopped } from "../shared/studyTest.ts";
import { learnedOptimizer } from "./learnedOptimizer.ts";
import { learnedOptimizerRivals } from "./learnedOptimizerRivals.ts";
import { adamRuns, taskProblem, trainingRuns } from "./learnedOptimizerStudy.ts";
import { mean } from "../shared/series.ts";

const config = { steps: 4, hidden: [[4], []], pairs: 2, horizon: 20, evaluationRuns: 2 };

test("a short training of several networks", { tags: ["long"] }, async () => {
  const { evaluation, figures } = await train(learnedOptimizer, { config, seed: 0 });
  Object.values(evaluation!.metrics).forEach((value) => expect(Number.isFinite(value)).toBe(true));
  expect(figures.map(({ id }) => id)).toContain("meta-loss");
});

test("there is a training, two cells for every task, and one for every other optimizer of the field", () => {
  const cells = (given: object) =>
    learnedOptimizerRivals.cells(learnedOptimizerRivals.config.parse(given), 0);
  expect(cells({})).toHaveLength(19);
  const ids = cells({ rivals: ["adam", "sgd", "sgd", "optList"] }).map(({ id }) => id);
  expect(ids.slice(15)).toEqual(["own-sgd", "own-optList"]);
});

test(
  "a short study, stopped and gone on with: judged against Adam from the same seeds",
  { tags: ["long"] },
  async () => {
    const only = ["training", "own-learned", "own-adam", "longer-learned", "longer-adam", "own-sgd"];
    const small = {
      architecture: "learnableAdam",
      hidden: [[4]],
      steps: 2,
      pairs: 1,
      truncation: 3,
      horizon: 6,
      longHorizon: 8,
      rivals: ["sgd"],
    };
    const { metrics, tables, figures } = await runStopped(
      learnedOptimizerRivals,
      { ...small, evaluationRuns: 2 },
      { stopAfter: 20, only },
    );
    const { rows } = tables![0]!;
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      ["its own", 6],
      ["its own, longer", 8],
    ]);
    // Costs of the optimizers' definitions: Adam has two moments and two weights, learnableAdam four hyperparameters.
    const field = tables![1]!;
    const column = (name: string) => field.rows.map((row) => row[field.columns.indexOf(name)]);
    expect(column("optimizer")).toEqual(["learnableAdam", "adam", "sgd"]);
    expect(column("numbers to be learned")).toEqual([4, 0, 0]);
    expect(column("numbers of state per parameter")).toEqual([2 + 2 / 250, 2 + 2 / 250, 0]);
    expect(column("mean loss")[1]).toBe(metrics!["adamLoss"]);
    expect(column("steps of Adam per step")[0]).toBe(metrics!["speedupOverAdam"]);
    expect(metrics!["lossOverAdam"]).toBeCloseTo(metrics!["loss"]! / metrics!["adamLoss"]!, 12);
    Object.values(metrics!).forEach((value) => expect(Number.isFinite(value)).toBe(true));
    expect(figures!.map(({ id }) => id)).toEqual(["meta-loss", "training-curves", "beyond-the-horizon"]);
    // The oracle: whole training runs in one call, from the same seeds.
    const key = random.foldIn(random.foldIn(random.key(0), "setup"), "evaluation");
    const { train: images } = loadMnist(4);
    const own = { hidden: [4], horizon: 6, batchSize: 32, scales: [1, 1] as const };
    const adams = adamRuns(images, own, key, 2);
    const best = adams.reduce((least, one) => (one.mean < least.mean ? one : least));
    expect(metrics!["adamLoss"]).toBeCloseTo(best.mean, 12);
    expect(metrics!["adamFinalLoss"]).toBeCloseTo(best.final, 12);
    expect(metrics!["adamLearningRate"]).toBe(best.learningRate);
  },
);

test(
  "star-mnist beats Adam with the best of 10 rates on a width, images and seeds that it never saw",
  { tags: ["long"] },
  () => {
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
  },
);
