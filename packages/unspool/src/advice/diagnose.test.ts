import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { createEstimator } from "../estimators/index.ts";
import { searchMethod } from "../methods/index.ts";
import { adam } from "../optimizers/index.ts";
import { type Setup, innerProblem } from "../train/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { diagnose } from "./index.ts";

function setupOf<State>(problem: Problem<Tensor, State, undefined>, theta: number, steps: number): Setup {
  const options = { truncation: 5, sigma: 0.05, pairs: 4, objective: "mean" } as const;
  return {
    theta: np.array(theta),
    estimator: createEstimator("nres", problem, options) as never,
    inner: innerProblem(problem, options) as never,
    optimizer: adam({ learningRate: 0.05 }),
    steps,
  };
}

test("on a stable linear system backpropagation is trusted and recommended", () => {
  const stable = defineProblem({
    name: "stable",
    horizon: 20,
    init: () => np.array(0.5),
    step(theta: Tensor, s) {
      const next = s.mul(0.8).add(theta);
      const miss = next.sub(1);
      return { state: next, loss: miss.mul(miss).mul(0.5) };
    },
  });
  const diagnosis = diagnose(setupOf(stable, -1, 60), { key: random.key(0) });
  expect(diagnosis.regime).toBe("stable");
  expect(diagnosis.usableHorizon).toBe(20);
  // ln 0.8, by hand.
  expect(diagnosis.lyapunov[0]).toBeCloseTo(Math.log(0.8), 6);
  expect(diagnosis.recommended).toEqual({ estimator: "bptt", truncation: 20, tasks: 1 });
  expect(diagnosis.verdict[0]).toContain("Backpropagation can be trusted over the whole horizon of 20 steps");
  expect(diagnosis.verdict.at(-1)).toMatch(/^Use bptt, truncation 20, 1 task/);
  const { loss, initialLoss, trials } = diagnosis.recommendation;
  expect(loss).toBeLessThan(initialLoss / 10);
  expect(Math.min(...trials.map((trial) => trial.loss))).toBeGreaterThan(0.9 * loss);
});

test("a step without derivative gets evolution strategies, and no exponents", { tags: ["long"] }, () => {
  const counted = defineProblem({
    name: "counted",
    horizon: 10,
    isDifferentiable: false,
    init: () => np.array(0),
    step(theta: Tensor, s) {
      const next = s.mul(0.5).add(theta);
      return { state: next, loss: np.abs(np.floor(next.sub(2).mul(50))).mul(0.02) };
    },
  });
  const diagnosis = diagnose(setupOf(counted, 0, 60), { innerSteps: 6000 });
  expect([diagnosis.regime, diagnosis.usableHorizon, diagnosis.lyapunov]).toEqual([
    "not differentiable",
    0,
    [],
  ]);
  expect(["nres", "pes", "fullEs", "truncatedEs"]).toContain(diagnosis.recommended?.estimator);
  expect(diagnosis.innerSteps).toBe(6000);
});

/** Twenty away, and a step of the optimizer is a ten-thousandth: no estimator arrives; a search that adapts its size does. */
const distant = defineProblem({
  name: "distant",
  horizon: 4,
  isDifferentiable: false,
  init: () => np.array(0),
  step(theta: Tensor, s) {
    const miss = theta.sub(20);
    return { state: s, loss: miss.mul(miss) };
  },
});
const distantOptions = { truncation: 2, sigma: 0.5, pairs: 4, objective: "mean" } as const;
const slow = { value: 1e-6, optimizer: () => adam({ learningRate: 1e-4 }) };

test("a search is recommended where it clearly wins, with what it was ahead by", { tags: ["long"] }, () => {
  const { recommended, recommendation, verdict } = diagnose(
    {
      theta: np.array(0),
      estimator: createEstimator("nres", distant, distantOptions) as never,
      inner: innerProblem(distant, distantOptions, slow) as never,
      optimizer: adam({ learningRate: 1e-4 }),
      steps: 20,
    },
    { innerSteps: 3200, key: random.key(0) },
  );
  expect(recommended).toMatchObject({ estimator: "cmaEs", truncation: 4 });
  expect(recommended).not.toHaveProperty("learningRate");
  // The best of the estimators has been run with as many seeds: what is said rests on that.
  const own = recommendation.finals.find(({ setting }) => setting.estimator === recommended!.estimator)!;
  const rival = recommendation.finals.find(({ setting }) => setting.learningRate !== undefined)!;
  expect(rival.losses).toHaveLength(3);
  expect(own.loss).toBeLessThan(rival.loss - 2 * Math.hypot(own.standardError, rival.standardError));
  const words = verdict.join(" ");
  expect(words).toContain("cmaEs is a search, without a gradient and an optimizer");
  expect(words).toContain(`the best estimator (${rival.setting.estimator})`);
  for (const { innerSteps } of recommendation.trials) expect(innerSteps).toBeLessThanOrEqual(3200);
});

test(
  "a setup that a search moves: that search is tried, and estimators with what the inner problem says",
  { tags: ["long"] },
  () => {
    const setup = (inner: unknown): Setup => ({
      theta: np.array(0),
      method: searchMethod("particleSwarm", distant, distantOptions) as never,
      inner: inner as never,
      steps: 20,
    });
    const rated = innerProblem(distant, distantOptions, slow);
    const { recommendation } = diagnose(setup(rated), { innerSteps: 1600, key: random.key(0) });
    const tried = recommendation.trials.map(({ setting }) => setting.estimator);
    for (const name of ["nres", "fullEs", "particleSwarm", "cmaEs"]) expect(tried).toContain(name);
    expect(recommendation.trials.filter(({ failure }) => failure !== undefined)).toEqual([]);
    // Nothing is measured where it cannot be.
    expect(() => diagnose(setup(innerProblem(distant, distantOptions)))).toThrow(
      "Give innerProblem its third argument",
    );
  },
);

test(
  "a setup that says no inner problem: its estimator's is taken, and without one what is missing is told",
  { tags: ["long"] },
  () => {
    const problem = defineProblem({
      name: "own",
      horizon: 5,
      init: () => np.array(0),
      step: (t: Tensor, s) => ({ state: s, loss: t.mul(t) }),
    });
    const { inner: _, ...setup } = setupOf(problem, 1, 1);
    const { recommendation } = diagnose(setup, { innerSteps: 80 });
    expect(recommendation.trials.map(({ setting }) => setting.estimator)).toContain("nres");
    const { madeFor: _none, ...estimator } = createEstimator("nres", problem);
    expect(() => diagnose({ ...setup, estimator: estimator as never })).toThrow(OptionError);
  },
);

test(
  "a problem that is never finite: nothing is recommended, and where it begins is said",
  { tags: ["long"] },
  () => {
    const broken = defineProblem({
      name: "broken",
      horizon: 10,
      init: () => ({ a: np.array(1), b: np.array(0.25) }),
      step(theta: Tensor, { a, b }: { a: Tensor; b: Tensor }) {
        // b: 0.25, 0.15, 0.05, -0.05: the root of the next one is not a number, after step 3 (the first is 0).
        return {
          state: { a: a.mul(0.5).add(theta), b: b.sub(0.1).add(np.sqrt(b).mul(0)) },
          loss: a.mul(a).add(b),
        };
      },
    });
    const diagnosis = diagnose(setupOf(broken, 0.5, 20), { innerSteps: 800 });
    expect(diagnosis.recommended).toBe(undefined);
    expect(diagnosis.regime).toBe("not finite");
    expect(diagnosis.nonFinite).toEqual({ step: 3, leaf: "b", isLoss: false });
    const words = diagnosis.verdict.join(" ");
    expect(words).toContain('the state\'s leaf "b" is the first that is not finite, after inner step 3');
    expect(words).toContain("Nothing is recommended");
  },
);
