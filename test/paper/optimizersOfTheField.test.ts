/**
 * The shipped learned optimizer among optimizers of the field on the task of its training, each with its best learning rate
 * (Metz et al., CoLLAs 2022, section 2.7 of whose code is the list of rivals), in steps of tuned Adam, and beyond its
 * horizon (Harrison et al., NeurIPS 2022, Figure 3). docs/results.md.
 */
import { expect, test } from "vitest";
import {
  classification,
  evaluateHorizon,
  loadLearnedOptimizer,
  pretrainedOptimizer,
  pretrainedOptimizerFile,
  random,
  speedupOverAdam,
} from "unspool";
import {
  adamRuns,
  taskProblem,
  trainingRuns,
} from "../../packages/experiments/src/learnedOptimizer/learnedOptimizerStudy.ts";
import { candidatesOf } from "../../packages/experiments/src/learnedOptimizer/rivalOptimizers.ts";
import { loadMnist } from "../../packages/experiments/src/shared/data/mnist.ts";

const { train: images } = loadMnist(4);
const own = { hidden: [16], horizon: 100, batchSize: 32, scales: [1, 1] as const };
// The seeds of `unspool run learned-optimizer-rivals`.
const key = random.foldIn(random.foldIn(random.key(0), "setup"), "evaluation");
const runs = 16;
const rivals = ["adam", "sgd", "momentum", "rmsprop", "nadamw", "fromage", "lamb", "lion", "optList"];

test("star-mnist has the lowest loss of all on its own task, in steps of Adam too", () => {
  const long = adamRuns(images, { ...own, horizon: 1000 }, key, runs);
  const tens = Array.from({ length: 100 }, (_, i) => 10 * i);
  const meanOfTen = (curve: number[], from: number) =>
    curve.slice(from, from + 10).reduce((sum, loss) => sum + loss / 10, 0);
  const scale = speedupOverAdam({
    curves: long.map(({ curve }) => tens.map((from) => meanOfTen(curve, from))),
    steps: tens.map((from) => from + 4.5),
    smoothing: 0,
  });
  // The final loss is the mean over steps 80 to 99.
  const speedup = (loss: number) => scale.speedup({ loss, steps: 89.5 });
  const { learned, meta } = loadLearnedOptimizer(pretrainedOptimizerFile("star-mnist"));
  const star = trainingRuns(taskProblem(learned, images, own), meta, key, runs);
  const field = rivals.map((name) => {
    const { word, values, metas, learned: by } = candidatesOf(name, own.horizon, key);
    const all = metas.map((one, i) => trainingRuns(taskProblem(by(i), images, own), one, key, runs));
    const best = all.reduce((least, one, i) => (one.mean < all[least]!.mean ? i : least), 0);
    return { name, best: `${word} ${values[best]!}`, ...all[best]! };
  });
  for (const { name, best, mean, final } of [{ name: "star-mnist", best: "", ...star }, ...field])
    console.log(`${name} ${best}: ${mean.toFixed(3)}, ${final.toFixed(3)}, ${speedup(final).toFixed(2)}`);
  for (const { mean } of field) expect(star.mean).toBeLessThan(0.95 * mean);
  expect(speedup(star.final)).toBeGreaterThan(1.3);
  // A scale that is right gives Adam itself 1.
  expect(Math.abs(speedup(field[0]!.final) - 1)).toBeLessThan(0.15);
}, 600_000);

test("star-mnist does not climb beyond its horizon", () => {
  const family = classification({ data: images, classes: 10, hidden: own.hidden });
  const { horizons } = evaluateHorizon(pretrainedOptimizer("star-mnist"), family, { key, runs });
  for (const { steps, mean, final, climbed } of horizons)
    console.log(`${steps} steps: mean ${mean.toFixed(3)}, last 20 ${final.toFixed(3)}, climbed ${climbed}`);
  const [first, twice, tenfold] = horizons;
  expect(twice!.final).toBeLessThan(0.9 * first!.final);
  expect(tenfold!.final).toBeLessThan(0.75 * first!.final);
  expect(tenfold!.climbed).toBe(0);
}, 600_000);
