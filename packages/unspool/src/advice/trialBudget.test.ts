/** Trial runs get what the setup's own run takes, unless a step computes so much that they would not end soon. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { createEstimator, curriculum } from "../estimators/index.ts";
import { sgd } from "../optimizers/index.ts";
import { type DescentSetup, innerProblem } from "../train/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { trialBudget } from "./trialBudget.ts";
import { diagnosisWords } from "./words.ts";

const options = { truncation: 5, sigma: 0.1, pairs: 4 } as const;

/** A step that squares a matrix of `size` rows. */
function setupOf(size: number, steps: number, isCurriculum = false): DescentSetup {
  const problem = defineProblem({
    name: "squares",
    horizon: 20,
    init: () => np.eye(size),
    step(theta: Tensor, x: Tensor) {
      const next = np.matmul(x, x).mul(theta);
      return { state: next, loss: next.sum() };
    },
  });
  const pes = () => createEstimator("pes", problem, options);
  const levels = { levels: 1, create: pes, score: () => 1, threshold: 0.5, checkEvery: 1 };
  return {
    theta: np.array(0.5),
    estimator: (isCurriculum ? curriculum<Tensor>(levels) : pes()) as never,
    inner: innerProblem(problem, options) as never,
    optimizer: sgd({ learningRate: 0.1 }),
    steps,
  };
}

const budgetOf = (setup: DescentSetup) => trialBudget(setup, setup.inner!, random.key(0));

test("a cheap step: as many inner steps as the run itself", () => {
  // 2 members of 4 pairs, 5 steps, 1000 times.
  expect(budgetOf(setupOf(2, 1000))).toEqual({ innerSteps: 40_000 });
});

test("a step of 8 million multiplications: fewer, and the verdict says so", () => {
  const budget = budgetOf(setupOf(200, 1000));
  expect(budget).toEqual({ innerSteps: 10_000, shortenedFrom: 40_000 });
});

test("an estimator that is made of others counts as pairs", () => {
  expect(budgetOf(setupOf(2, 1000, true))).toEqual({ innerSteps: 40_000 });
});

test("the verdict tells what was cut, and what was judged in place of a curriculum", () => {
  const setting = { estimator: "pes", truncation: 1, sigma: 0.1, pairs: 4 };
  const words = diagnosisWords({
    regime: "not differentiable",
    lyapunov: [],
    isFromStart: false,
    usableHorizon: 0,
    recommended: setting,
    recommendation: {
      recommended: setting,
      loss: 1,
      standardError: 0.1,
      seeds: 3,
      initialLoss: 2,
      initialStandardError: 0,
      trials: [],
      finals: [],
      outerSteps: 10,
      isLearningRateTried: true,
    },
    thetas: [],
    horizon: 2,
    isDeterministic: false,
    innerSteps: 10_000,
    shortenedFrom: 40_000,
    judgedInstead: { ownEstimator: "curriculum", problem: "copyTask" },
  });
  expect(words.join(" ")).toMatch(/own estimator, curriculum, .* copyTask of 2 steps/);
  expect(words.join(" ")).toMatch(/cut to 10000 of the 40000 inner steps/);
});
