/** A search stands where an estimator does. */
import { np, random, searchMethod, toyRegression as toyRegressionProblem, train } from "unspool";
import { expect, test } from "vitest";
import { toyRegression } from "../toyRegression/toyRegression.ts";

test("--set estimator=cmaEs: whole trajectories are counted, and the surface is searched", async () => {
  const config = { estimator: "cmaEs", sigma: 1, pairs: 4, steps: 25, horizon: 20, surface: 0 };
  const { metrics, evaluation } = await train(toyRegression, { config, seed: 1 });
  expect(metrics.at(-1)).toMatchObject({ innerSteps: 25 * 8 * 20, candidates: 8 });
  expect(metrics.at(-1)!["bestLoss"]).toBeLessThan(metrics[0]!["leastLoss"] as number);
  expect(metrics.at(-1)).not.toHaveProperty("gradientNorm");
  expect(Number.isFinite(evaluation!.metrics["metaLoss"])).toBe(true);
});

test("an alias names the same search; the final loss of a trajectory is seen where it is asked for", () => {
  const problem = toyRegressionProblem({ horizon: 5 });
  const theta = { logLearningRate: np.array([-4, -4]) };
  const step = (objective: "final" | "sum") => {
    const method = searchMethod("pso", problem, { sigma: 0.1, pairs: 2, objective });
    return method.step(theta, method.init(theta, random.key(0)), random.key(1));
  };
  expect(step("final").metrics).toMatchObject({ innerSteps: 4 * 5, candidates: 4 });
  expect(step("final").loss).toBeLessThan(step("sum").loss!);
});
