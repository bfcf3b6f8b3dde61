/** Trials that differ in sigma only, or in their seed only, compile nothing anew, and train as the estimator itself does. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { engineStatistics } from "../engine/index.ts";
import { createEstimator } from "../estimators/index.ts";
import { sgd } from "../optimizers/index.ts";
import { type Setup, initTraining, innerProblem, trainSteps } from "../train/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { trialRun } from "./trialRun.ts";
import { trialSetups } from "./trialSetups.ts";

const problem = defineProblem({
  name: "pull",
  horizon: 8,
  init: () => np.array(0.5),
  step(theta: Tensor, s: Tensor) {
    const next = s.mul(0.8).add(theta.sum());
    const miss = next.sub(1);
    return { state: next, loss: miss.mul(miss) };
  },
});
const options = { truncation: 4, sigma: 0.1, pairs: 4, objective: "mean" } as const;

test.each([["pes"], ["nres"], ["fullEs"], ["truncatedEs"]] as const)("%s", (estimator) => {
  const setup: Setup = {
    theta: np.array([0.1, 0.3]),
    estimator: createEstimator(estimator, problem, { ...options, sigma: 0.3 }) as never,
    optimizer: sgd({ learningRate: 0.01 }),
    steps: 40,
  };
  const inner = innerProblem(problem, options) as never;
  const setups = trialSetups(setup, inner);
  const run = (sigma: number, seed: number) =>
    trialRun(
      setup,
      inner,
      { estimator, truncation: estimator === "fullEs" ? 8 : 4, sigma, pairs: 4 },
      {
        innerSteps: 1280,
        outerSteps: 20,
        key: random.key(seed),
        evaluationKey: random.key(9),
        isDeterministic: true,
        setups,
      },
    );
  run(0.1, 0);
  const made = (): number => engineStatistics().compiled + engineStatistics().reused;
  const before = made();
  const other = run(0.3, 1);
  expect(made()).toBe(before);
  // The same as a run with that sigma, up to the order of products in float32.
  const { state } = trainAll(setup, other.outerSteps);
  const reached = other.thetas.at(-1)!.theta as Tensor;
  reached.data.forEach((value, i) => expect(value).toBeCloseTo((state.theta as Tensor).data[i]!, 5));
});

function trainAll(setup: Setup, steps: number) {
  let state = initTraining(setup, random.key(1));
  while (state.step < steps) ({ state } = trainSteps(setup, state, steps - state.step));
  return { state };
}
