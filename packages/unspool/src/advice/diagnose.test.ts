import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { createEstimator } from "../estimators/index.ts";
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

test("a step without derivative gets evolution strategies, and no exponents", () => {
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

test("a setup without an inner problem is told what is missing", () => {
  const { inner: _, ...setup } = setupOf(
    defineProblem({ horizon: 5, init: () => np.array(0), step: (t: Tensor, s) => ({ state: s, loss: t }) }),
    0,
    1,
  );
  expect(() => diagnose(setup)).toThrow(OptionError);
});

test("a problem that is never finite: nothing is recommended, and where it begins is said", () => {
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
});
