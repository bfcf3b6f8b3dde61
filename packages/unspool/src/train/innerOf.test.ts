/** The inner problem of an experiment: its own, or the one that what moves its theta was made of. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { compareEstimators } from "../diagnostics/index.ts";
import {
  bptt,
  createEstimator,
  estimators,
  fullEs,
  meanOf,
  nres,
  pes,
  summedWindows,
  withoutHysteresis,
} from "../estimators/index.ts";
import { descent, searchMethod } from "../methods/index.ts";
import { sgd } from "../optimizers/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type Setup, defineExperiment, innerProblem } from "./experiment.ts";
import { setUp } from "./setUp.ts";

const problem = defineProblem({
  name: "decay",
  horizon: 6,
  init: () => np.ones([1]),
  step(rate: Tensor, x: Tensor) {
    const next = x.mul(rate);
    return { state: next, loss: next.mul(next).sum() };
  },
  finalLoss: (_rate, x) => x.mul(x).sum(),
});
const theta = np.array([0.8], { dtype: "float64" });

/** What `compare` and `diagnose` see of an experiment with these parts. */
const seen = (parts: object) =>
  setUp(
    defineExperiment({
      name: "own",
      summary: "none",
      config: { parse: () => ({}) },
      setup: () => ({ theta, steps: 3, ...parts }) as Setup<Tensor>,
    }),
    {},
    random.key(0),
  );

const optimizer = sgd({ learningRate: 0.1 });

describe("an experiment that is made from a problem carries it", () => {
  test.each(estimators.filter(({ objective }) => objective !== "final").map(({ name }) => name))(
    "%s",
    async (name) => {
      const options = { truncation: 2, pairs: 3, tasks: 3, sigma: 0.2, objective: "sum" } as const;
      const estimator = createEstimator(name, problem, options);
      const { inner } = await seen({ estimator, optimizer });
      expect(inner!.problem).toBe(problem);
      expect(inner!.options).toMatchObject({ objective: "sum" });
      // Made of them, an estimator is the same again.
      const again = createEstimator(name, problem, inner!.options);
      const [a, b] = [estimator, again].map((one) =>
        one.estimate(theta, one.init(theta, random.key(1)), random.key(2)),
      );
      expect(a!.gradient.data).toEqual(b!.gradient.data);
      expect(a!.metrics.innerSteps).toBe(b!.metrics.innerSteps);
    },
  );
  test("so do a method made of both, a search, and estimators around one", async () => {
    const one = pes(problem, { truncation: 2, pairs: 7 });
    const parts = [
      { method: descent(one, optimizer) },
      { method: searchMethod("cmaEs", problem, { pairs: 7 }) },
      { estimator: summedWindows(one, { windows: 3 }), optimizer },
      { estimator: withoutHysteresis(one, { windows: 3 }), optimizer },
    ];
    for (const part of parts) {
      const { inner } = await seen(part);
      expect(inner!.problem).toBe(problem);
      expect(inner!.options.pairs).toBe(7);
    }
  });
  test("and estimators are compared on it", async () => {
    const { inner } = await seen({ estimator: nres(problem, { pairs: 4, truncation: 3 }), optimizer });
    const given = inner!.problem as Problem<Tensor>;
    const { estimators: measured } = compareEstimators(given, theta, {
      estimators: ["rtrl"],
      options: inner!.options,
      truncations: [],
      innerSteps: 100,
    });
    expect(measured[0]!.truncation).toBe(3);
    expect(Math.abs(measured[0]!.z)).toBeLessThan(1);
  });
});

test("what a setup says itself comes first; of several problems, or a final loss, there is none to carry", async () => {
  const estimator = pes(problem);
  const own = innerProblem(problem, { pairs: 99 });
  expect((await seen({ estimator, optimizer, inner: own })).inner).toBe(own);
  const several = meanOf([estimator, pes(problem)]);
  expect((await seen({ estimator: several, optimizer })).inner).toBeUndefined();
  for (const final of [fullEs(problem, { objective: "final" }), bptt(problem, { objective: "final" })])
    expect((await seen({ estimator: final, optimizer })).inner).toBeUndefined();
});
