/**
 * The verdict does not know in which units a state, a theta or a loss is stored: the same loop told in other units gets the
 * same regime and the same recommendation.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { chaosReport, derivativeMismatch } from "../diagnostics/index.ts";
import { createEstimator } from "../estimators/index.ts";
import { sgd } from "../optimizers/index.ts";
import { type Setup, innerProblem } from "../train/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { diagnose } from "./index.ts";

interface Units {
  /** What one unit of the second state variable, of theta and of the loss is stored as. */
  state: number;
  theta: number;
  loss: number;
}

const plain: Units = { state: 1, theta: 1, loss: 1 };
const wide = { dtype: "float64" } as const;
const horizon = 20;

/** x is pulled by y, y by x and theta; `slope` says how the loop bends: contracting, marginal or chaotic. */
function loop(kind: "stable" | "marginal" | "chaotic", { state, theta: unit, loss: lossUnit }: Units) {
  return defineProblem({
    name: kind,
    horizon,
    init: () => ({ x: np.array(0.3, wide), y: np.array(0.2 * state, wide) }),
    step(stored: Tensor, { x, y: storedY }: { x: Tensor; y: Tensor }) {
      const theta = stored.div(unit);
      const y = storedY.div(state);
      const next =
        kind === "chaotic"
          ? { x: x.mul(x.neg().add(1)).mul(theta.mul(0.001).add(3.95)), y: y.mul(0.5).add(x.mul(0.1)) }
          : kind === "stable"
            ? { x: x.mul(0.5).add(y.mul(0.4)), y: y.mul(0.5).add(theta) }
            : { x: x.add(y.mul(0.05)), y: y.sub(x.mul(0.05)).add(theta.mul(0.05)) };
      const miss = next.x.sub(0.8);
      return { state: { x: next.x, y: next.y.mul(state) }, loss: miss.mul(miss).mul(lossUnit) };
    },
  });
}

function setupOf(kind: "stable" | "marginal" | "chaotic", units: Units): Setup {
  const problem = loop(kind, units);
  const options = { truncation: 5, sigma: 0.05 * units.theta, pairs: 4, objective: "mean" } as const;
  const learningRate = (0.1 * units.theta ** 2) / units.loss;
  return {
    theta: np.array(0.1 * units.theta, wide),
    estimator: createEstimator("nres", problem, options) as never,
    inner: innerProblem(problem, options) as never,
    optimizer: sgd({ learningRate }),
    steps: 40,
  };
}

const others: [string, Units][] = [
  ["the state in 1e-5", { ...plain, state: 1e5 }],
  ["the state in 1e5, theta in 1e-5, the loss in 1e5", { state: 1e-5, theta: 1e5, loss: 1e-5 }],
];

describe.each([["stable"], ["marginal"], ["chaotic"]] as const)("a %s loop", (kind) => {
  const verdictOf = (units: Units) =>
    chaosReport(loop(kind, units), np.array(0.1 * units.theta, wide), {
      sigma: 0.05 * units.theta,
      samples: 16,
      trials: 1,
      points: 3,
    });
  const first = verdictOf(plain);
  test("is what it is called", () => {
    expect(first.verdict.regime).toBe(kind === "chaotic" ? "chaotic" : "stable");
  });
  test.each(others)("%s: same regime, method, estimator, window and warnings", (_name, units) => {
    const { verdict, growth, mismatch } = verdictOf(units);
    const { summary: _, ...judged } = verdict;
    const { summary: __, ...expected } = first.verdict;
    expect(judged).toEqual(expected);
    // Up to rounding, which the chaotic loop multiplies by e^(0.6 20) at most.
    growth.logLossGrowth.forEach((value, t) => expect(value).toBeCloseTo(first.growth.logLossGrowth[t]!, 4));
    expect(mismatch.fraction).toBe(first.mismatch.fraction);
  });
});

test("diagnose recommends the same in other units", { tags: ["long"], timeout: 120_000 }, () => {
  const options = { key: random.key(0), innerSteps: 400 };
  const [a, b] = [plain, { ...plain, state: 1e5, loss: 1e-5 }].map((units) =>
    diagnose(setupOf("stable", units), options),
  );
  expect([b!.regime, b!.usableHorizon]).toEqual([a!.regime, a!.usableHorizon]);
  expect(b!.recommended).toEqual(a!.recommended);
});

test("a jump in a variable in units of 1e-5 is seen as one in units of 1", () => {
  const stairs = (unit: number) =>
    defineProblem({
      name: "stairs",
      horizon: 10,
      init: () => ({ a: np.array(1, wide), b: np.array(unit, wide) }),
      step: (theta: Tensor, { a, b }: { a: Tensor; b: Tensor }) => {
        const steep = np.floor(b.mul(4e5 / unit)).mul(1e-5 * unit);
        return { state: { a: a.mul(0.9).add(theta), b: b.mul(0.5).add(steep.mul(0.1)) }, loss: a };
      },
    });
  const fractions = [1, 1e-5, 1e5].map(
    (unit) => derivativeMismatch(stairs(unit), np.array(0.1, wide)).fraction,
  );
  expect(fractions[0]).toBeGreaterThan(0.5);
  expect(new Set(fractions).size).toBe(1);
});
