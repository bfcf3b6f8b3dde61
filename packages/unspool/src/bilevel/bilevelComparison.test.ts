/** Hypergradients as estimators of the unrolled inner problem, against each other and against the registered ones. */
import { expect, test } from "vitest";
import { type Key, type Tensor, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { bptt } from "../estimators/index.ts";
import { sgd } from "../optimizers/index.ts";
import { unroll } from "../unroll/index.ts";
import { bilevelComparison } from "./bilevelComparison.ts";
import { listOf, singular, wide } from "./testing.ts";
import { unrolledProblem } from "./unrolledProblem.ts";

const theta = wide([1, 2]);
const weights = wide([1, 1, -1]);
const optimizer = sgd({ learningRate: 0.25 });
const { inner, outer } = singular;
const key = random.key(0);

test("the losses of a trajectory add up to F at its end", () => {
  const problem = unrolledProblem({ inner, outer }, { optimizer, steps: 5, weights });
  const { losses } = unroll(problem, theta, { key });
  expect(listOf(losses).slice(0, 4)).toEqual([0, 0, 0, 0]);
  const estimator = bptt(problem, { objective: "sum", tasks: 1 });
  const { gradient } = estimator.estimate(theta, estimator.init(theta, key), key);
  // The numbers of NumPy for five unrolled steps.
  listOf(gradient).forEach((g, i) => expect(g).toBeCloseTo([-0.452472686768, 0.701252937317][i]!, 11));
});

test("kinds that are the same filter give the same gradient, with their own costs", () => {
  const { others, options, problem } = bilevelComparison(
    { inner, outer },
    {
      theta,
      weights,
      optimizer,
      steps: 20,
      hypergradients: {
        all: { kind: "unroll" },
        forward: { kind: "unrollForward" },
        last: { kind: "unroll", terms: 4 },
        series: { terms: 4, alpha: 0.25 },
        exact: { kind: "exact" },
      },
    },
  );
  expect(options).toMatchObject({ objective: "sum", truncation: 2 });
  expect(problem.horizon).toBe(20);
  const made = Object.fromEntries(
    others.map((entry) => {
      const estimator = entry.create(problem, {});
      const { gradient, metrics } = estimator.estimate(theta, estimator.init(theta, key), key);
      return [entry.name, { gradient: listOf(gradient as Tensor), innerSteps: metrics.innerSteps }];
    }),
  );
  const close = (a: string, b: string): void =>
    made[a]!.gradient.forEach((g, i) => expect(g).toBeCloseTo(made[b]!.gradient[i]!, 11));
  close("all", "forward");
  close("last", "series");
  expect(made["last"]!.gradient[0]).not.toBeCloseTo(made["all"]!.gradient[0]!, 3);
  // 20 inner steps; 3 products for four terms; 3 for a Hessian of three weights.
  expect(Object.values(made).map(({ innerSteps }) => innerSteps)).toEqual([20, 20, 20, 23, 23]);
  expect(others.map(({ isUnbiased }) => isUnbiased)).toEqual([true, true, false, false, false]);
});

test("a series that runs away is shown, with how much its terms grow", () => {
  const curved = { inner: (u: Tensor, w: Tensor) => inner(u, w).sub(w.mul(w).sum()), outer };
  const hypergradients = { series: {}, identity: { kind: "identity" } } as const;
  const { others, problem } = bilevelComparison(curved, { theta, weights, steps: 2, hypergradients });
  const metrics = others.map((entry) => entry.create(problem, {}).estimate(theta, null, key).metrics);
  // H = XᵀX - 2 I has -2, -1, 1: by 1/2 its terms grow as 2ʲ.
  expect((metrics[0] as { growth?: number }).growth).toBeGreaterThan(1000);
  expect(metrics[1]).not.toHaveProperty("growth");
});

test("drawn starts and data, and none at all", () => {
  const start = (own: Key): Tensor => random.normal(own, [3], { dtype: "float64" });
  const noisy = {
    inner,
    outer: (u: Tensor, w: Tensor, shift: Tensor) => outer(u, w.add(shift)),
    data: (own: Key) => random.normal(own, [3], { dtype: "float64" }),
    start,
  };
  const { others, problem } = bilevelComparison(noisy, {
    theta,
    steps: 10,
    hypergradients: { id: { kind: "identity" } },
  });
  const estimator = others[0]!.create(problem, {});
  const gradients = [1, 2].map((seed) =>
    listOf(estimator.estimate(theta, null, random.key(seed)).gradient as Tensor),
  );
  expect(gradients[0]).not.toEqual(gradients[1]);
  expect(() => bilevelComparison({ inner, outer }, { theta })).toThrow(OptionError);
  expect(() => bilevelComparison({ inner, outer }, { theta })).toThrow(
    "weights must be given where the problem has no start",
  );
});
