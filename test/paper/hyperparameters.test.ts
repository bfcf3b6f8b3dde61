/**
 * Hyperparameters tuned through whole training runs (Vicol, Metz, Sohl-Dickstein 2021, section 5; Vicol, Kolter,
 * Swersky 2023, Figures 7 to 9), at CPU size. `npm run test:paper`; recorded in docs/results.md.
 */
import { mnistMixed, mnistMixedRivals, mnistSchedule, ridgeCoefficient } from "@unspool/experiments";
import { describe, expect, test } from "vitest";
import { type Experiment, runStudy, train } from "unspool";

type Metrics = Record<string, number>;

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);

async function measure<T>(
  experiment: Experiment<unknown, T>,
  config: Record<string, unknown>,
  seed = 0,
): Promise<Metrics> {
  const { evaluation } = await train(experiment as Experiment, { config, seed });
  return evaluation!.metrics;
}

describe("MNIST schedules", () => {
  test("PES on the validation error, which has no derivative: more accuracy than untuned in 4 of 4 seeds", async () => {
    for (const seed of [0, 1, 2, 3]) {
      const metrics = await measure(mnistSchedule, { objective: "validation-error", surface: 0 }, seed);
      const validation = [1 - metrics["untunedObjective"]!, 1 - metrics["tunedObjective"]!];
      const tested = [metrics["untunedTestAccuracy"]!, metrics["tunedTestAccuracy"]!];
      report(`validation error, PES, seed ${seed}`, { validation, tested });
      expect(validation[1]! - validation[0]!).toBeGreaterThan(0.1);
      expect(tested[1]! - tested[0]!).toBeGreaterThan(0.05);
    }
  });

  test("from a fast decay PES finds larger learning rates, truncated ES drifts to smaller ones", async () => {
    const config = { horizon: 500, learningRate: 0.03, decay: 10, steps: 1500, outerLearningRate: 0.02 };
    for (const seed of [0, 1]) {
      const [pes, tes] = await Promise.all(
        ["pes", "truncatedEs"].map((estimator) =>
          measure(mnistSchedule, { ...config, estimator, surface: 0 }, seed),
        ),
      );
      const kept = (metrics: Metrics) => ({
        meanLearningRate: metrics["tunedMeanLearningRate"],
        trainingLoss: metrics["tunedTrainingLoss"],
        testAccuracy: metrics["tunedTestAccuracy"],
      });
      const untuned = { trainingLoss: pes!["untunedTrainingLoss"], accuracy: pes!["untunedTestAccuracy"] };
      report(`drift, seed ${seed}`, { untuned, pes: kept(pes!), tes: kept(tes!) });
      expect(tes!["tunedMeanLearningRate"]!).toBeLessThan(0.5 * pes!["tunedMeanLearningRate"]!);
      expect(tes!["tunedTestAccuracy"]!).toBeLessThan(pes!["tunedTestAccuracy"]! - 0.03);
      expect(pes!["tunedTrainingLoss"]!).toBeLessThan(0.85 * tes!["tunedTrainingLoss"]!);
    }
  });

  test("final loss: telescoping PES and full ES at equal inner steps come near the best point of a grid", async () => {
    const config = { objective: "final-loss", outerLearningRate: 0.05 };
    const run = await train(mnistSchedule as Experiment, { config: { ...config, steps: 800 } });
    const best = run.figures.find(({ id }) => id === "surface")!.series.find(({ kind }) => kind === "dots")!;
    const [rate, decay] = [Math.exp(best.x[0]!), Math.exp(best.y[0]!)];
    const grid = await measure(mnistSchedule, { ...config, learningRate: rate, decay, steps: 1, surface: 0 });
    const full = await measure(mnistSchedule, { ...config, estimator: "fullEs", steps: 80, surface: 0 });
    const losses = {
      untuned: full["untunedObjective"]!,
      bestOfGrid: grid["untunedObjective"]!,
      telescopingPes: run.evaluation!.metrics["tunedObjective"]!,
      fullEs: full["tunedObjective"]!,
    };
    report("final loss", { ...losses, grid: { rate, decay } });
    expect(losses.telescopingPes).toBeLessThan(1.1 * losses.bestOfGrid);
    expect(losses.fullEs).toBeLessThan(1.1 * losses.bestOfGrid);
  });
});

test("29 mixed hyperparameters, equal inner steps: PES below truncated ES, means of 4 seeds", async () => {
  const runs: Record<"initial" | "pes" | "tes" | "random" | "randomBest", number>[] = [];
  for (const seed of [0, 1, 2, 3]) {
    const { summary } = await runStudy(mnistMixedRivals, { config: { steps: 1500 }, seed });
    const pes = summary.metrics!;
    // A step of truncated ES advances a mean state beside the pair: 3 unrolls for 2.
    const tes = await measure(mnistMixed, { steps: 1000, estimator: "truncatedEs" }, seed);
    const losses = {
      initial: pes["initialLoss"]!,
      pes: pes["tunedLoss"]!,
      tes: tes["tunedLoss"]!,
      random: pes["randomSearchLoss"]!,
      // The best that the search ever chose, by more runs than it spent: more than it can know.
      randomBest: pes["randomSearchBestLoss"]!,
    };
    report(`mixed hyperparameters, seed ${seed}`, losses);
    runs.push(losses);
  }
  const mean = (name: "pes" | "tes" | "random" | "randomBest") =>
    runs.reduce((sum, losses) => sum + losses[name], 0) / runs.length;
  report("mixed hyperparameters, means", {
    pes: mean("pes"),
    tes: mean("tes"),
    random: mean("random"),
    randomBest: mean("randomBest"),
  });
  expect(mean("pes")).toBeLessThan(mean("tes"));
});

describe("ridge coefficient, K = 1, 2 pairs, 50,000 updates, from six starts", () => {
  const ends = async (estimator: string, starts: number[]) => {
    const runs: Metrics[] = [];
    for (const theta of starts) runs.push(await measure(ridgeCoefficient, { estimator, theta, starts: [] }));
    report(`ridge, ${estimator}`, { optimum: runs[0]!["optimum"], ends: runs.map((run) => run["theta"]) });
    return runs.map((run) => Math.abs(run["theta"]! - run["optimum"]!));
  };
  const starts = [5, 3, 1, -1, -3, -5];

  test("PES ends within 0.05 of the optimum from all", async () => {
    for (const distance of await ends("pes", starts)) expect(distance).toBeLessThan(0.05);
  });
  test("truncated ES and TBPTT end at another point, more than 0.5 away", async () => {
    for (const distance of await ends("truncatedEs", starts)) expect(distance).toBeGreaterThan(0.5);
    for (const distance of await ends("tbptt", [5, -5])) expect(distance).toBeGreaterThan(0.5);
  });
});
