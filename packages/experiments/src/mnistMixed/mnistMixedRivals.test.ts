import { random, unroll } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { mixedSearch } from "./mixedCourse.ts";
import { searchThetas } from "./mixedThetas.ts";
import { mixedProblem } from "./mnistMixed.ts";
import { mnistMixedRivals } from "./mnistMixedRivals.ts";
import { searchedTheta } from "./randomSearch.ts";

const sizes = { horizon: 4, hiddenLayers: 1, maxWidth: 4, batchSize: 4 };

test(
  "the run, random search and both of their courses, stopped and gone on with",
  { tags: ["long"] },
  async () => {
    const config = { ...sizes, steps: 6, truncation: 2, pairs: 50, evaluationRuns: 2 };
    const { metrics, tables, figures } = await runStopped(mnistMixedRivals, config, { stopAfter: 8 });
    const { initialLoss, tunedLoss, randomSearchLoss, randomSearchBestLoss } = metrics!;
    expect(tables![0]!.rows.map(([, value]) => value)).toEqual([
      initialLoss,
      tunedLoss,
      randomSearchLoss,
      randomSearchBestLoss,
    ]);
    expect(randomSearchBestLoss).toBeLessThanOrEqual(randomSearchLoss!);
    const [comparison, best] = figures!;
    expect([comparison!.id, best!.id]).toEqual(["comparison", "best"]);
    // 2 x 50 particles, windows of 2 steps.
    expect(comparison!.series[0]!.x).toEqual([0, 200, 400, 600, 800, 1000, 1200]);
    expect(comparison!.series[0]!.y.at(0)).toBe(initialLoss);
    expect(comparison!.series[0]!.y.at(-1)).toBe(tunedLoss);
    expect(best!.references![0]!.value).toBe(randomSearchBestLoss);
  },
);

test("random search keeps the theta of the run with the lowest loss", async () => {
  const { method, theta: start } = await mixedSearch.setup(
    mixedSearch.config.parse({ ...sizes, runs: 130 }),
    random.key(3),
  );
  let [theta, state] = [start, method!.init(start, random.key(0))];
  const losses: number[] = [];
  for (let step = 0; step < 2; step++) {
    const made = method!.step(theta, state, random.key(step));
    ({ theta, state } = made);
    losses.push(made.loss ?? Infinity);
    expect(made.metrics.innerSteps).toBe([128, 2][step]! * sizes.horizon);
  }
  // The oracle: the means of all 130 runs, in batches that have the keys of the search.
  const key = random.foldIn(random.key(3), "search");
  const draw = (one: typeof key, count: number) => searchThetas(one, count, sizes.hiddenLayers);
  const problem = mixedProblem(sizes);
  const means = [0, 128].flatMap((first) => {
    const own = random.foldIn(random.foldIn(key, first), "run");
    const thetas = draw(random.foldIn(random.foldIn(key, first), "theta"), 128);
    return [...unroll(problem, thetas, { key: own, isThetaBatched: true }).losses.mean(0).data];
  });
  const known = means.slice(0, 130);
  expect(losses).toEqual([Math.min(...known.slice(0, 128)), Math.min(...known)]);
  const best = searchedTheta(draw, key, known.indexOf(Math.min(...known)));
  expect(theta.logLearningRate.data).toEqual(best.logLearningRate.data);
});
