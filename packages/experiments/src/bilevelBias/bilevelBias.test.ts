/** Runs end in the closed form of their kind, and compare measures hypergradients beside the registered estimators. */
import { type Setup, compareEstimators, compareProgress, random, setUp, train } from "unspool";
import { expect, test } from "vitest";
import { bilevelBias } from "./bilevelBias.ts";

test.each([
  ["neumann", { terms: 5, twoPoints: true }],
  ["normalCg", { twoPoints: false }],
])("%s ends in its limit", { tags: ["long"] }, async (hypergradient, own) => {
  const { evaluation, figures } = await train(bilevelBias, {
    config: { hypergradient, ...own, steps: 60, learningRate: 0.8 },
  });
  const metrics = evaluation!.metrics;
  expect(metrics["outerLoss"]).toBeLessThan(1e-12);
  expect(metrics["outerNorm"]).toBeCloseTo(metrics["expectedOuterNorm"]!, 6);
  expect(metrics["weightsNorm"]).toBeCloseTo(metrics["expectedWeightsNorm"]!, 6);
  expect(metrics["outerNorm"]).toBeGreaterThan(metrics["leastOuterNorm"]! - 1e-9);
  // The heights say all: weights trained anew on them are the same.
  expect(Math.abs(metrics["retrainGap"]!)).toBeLessThan(1e-12);
  for (const { series } of figures) for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);
});

test(
  "in the comparison, truncated backpropagation and the series of as many terms have the same bias",
  { tags: ["long"] },
  async () => {
    const setup = await setUp(bilevelBias, bilevelBias.config.parse({}), random.key(0));
    const { problem, options, others, theta } = setup.inner!;
    const { estimators, reference } = compareEstimators(problem, theta, {
      estimators: ["bptt", "tbptt"],
      others,
      options: { ...options, truncation: 5 },
      truncations: [],
      innerSteps: 1000,
    });
    const of = (name: string) => estimators.find((one) => one.name === name)!;
    expect(reference.method).toBe("bptt");
    const bias = (name: string): number => Math.hypot(...of(name).bias);
    expect(bias("bptt")).toBeLessThan(1e-12);
    expect(bias("unroll last 5")).toBeGreaterThan(0.1);
    // The Hessian is the same everywhere, and the step of the unrolled descent is 1 / largest eigenvalue.
    expect(bias("neumann 5")).toBeCloseTo(bias("unroll last 5"), 6);
    expect(bias("tbptt")).toBeCloseTo(bias("unroll last 5"), 6);
    expect(bias("neumann 20")).toBeLessThan(bias("neumann 5"));
    expect(bias("normal cg")).toBeCloseTo(bias("exact"), 8);
  },
);

test("its hypergradients are trained with where progress is compared, as the experiment's own descent", async () => {
  const setup = await setUp(bilevelBias, bilevelBias.config.parse({ compareSteps: 20 }), random.key(0));
  const inner = setup.inner!;
  const { measured, failed, initialLoss } = compareProgress(
    { ...setup, theta: inner.theta } as Setup,
    inner,
    {
      ...{ names: ["neumann 20", "cmaEs"], seeds: 1, innerSteps: 4000 },
    },
  );
  expect(failed).toEqual([]);
  const own = measured.find(({ name }) => name === "neumann 20")!;
  expect([own.isSearch, own.setting.learningRate]).toEqual([false, 1]);
  expect(own.loss).toBeLessThan(initialLoss);
});
