/** Estimators and searches by how far they get with the same inner steps. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { type ComparedEstimator, createEstimator } from "../estimators/index.ts";
import { searchMethod } from "../methods/index.ts";
import { adam } from "../optimizers/index.ts";
import { type Setup, innerProblem } from "../train/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { compareProgress } from "./compareProgress.ts";

/** A loss that is the same at every step: its mean over a trajectory is |theta - 1|², by hand. */
const problem = defineProblem({
  name: "distance",
  horizon: 4,
  init: () => np.array(0),
  step(theta: Tensor, s: Tensor) {
    const miss = theta.sub(1);
    return { state: s, loss: miss.mul(miss).sum() };
  },
});
const options = { truncation: 2, sigma: 0.1, pairs: 4, objective: "mean" } as const;
const inner = innerProblem(problem, options, {
  value: 0.1,
  optimizer: (learningRate) => adam({ learningRate }),
});
const start = { theta: np.array([-1, 3]), steps: 20 };
const descending: Setup<Tensor> = {
  ...start,
  estimator: createEstimator("nres", problem, options),
  optimizer: adam({ learningRate: 0.1 }),
};
const common = { innerSteps: 960, key: random.key(1) };

test("all start from one loss, spend the same inner steps and are judged alike", () => {
  const { measured, failed, ...rest } = compareProgress(descending as Setup, inner, {
    ...common,
    names: ["nres", "cma", "nelderMead"],
  });
  expect(failed).toEqual([]);
  expect(rest).toMatchObject({ innerSteps: 960, seeds: 3, initialLoss: 8, trajectories: 1 });
  expect(measured.map(({ name, isSearch }) => [name, isSearch]).toSorted()).toEqual([
    ["cmaEs", true],
    ["nelderMead", true],
    ["nres", false],
  ]);
  for (const one of measured) {
    expect(one.points[0]).toEqual({ innerSteps: 0, loss: 8, standardError: 0 });
    expect(one.innerSteps).toBeGreaterThan(900);
    expect(one.innerSteps).toBeLessThanOrEqual(960);
    expect(one.losses).toHaveLength(3);
    expect(one.loss).toBeLessThan(8);
    const last = one.points.at(-1)!;
    expect(last.innerSteps).toBe(one.innerSteps);
    // Scatter over seeds, by its definition.
    const [a, b, c] = one.losses as [number, number, number];
    const middle = (a + b + c) / 3;
    const squares = (a - middle) ** 2 + (b - middle) ** 2 + (c - middle) ** 2;
    expect(one.standardError).toBeCloseTo(Math.sqrt(squares / 2 / 3), 12);
  }
  // The best first.
  const losses = measured.map(({ loss }) => loss);
  expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  // A generation of four pairs costs what eight trajectories cost.
  expect(measured.find(({ name }) => name === "cmaEs")!.outerSteps).toBe(960 / (8 * 4));
});

test("where a search moves theta, estimators are trained with what the inner problem says", () => {
  const searching: Setup<Tensor> = { ...start, method: searchMethod("snes", problem, options) };
  const names = ["nres", "snes"];
  const given = (setup: Setup<Tensor>) =>
    compareProgress(setup as Setup, inner, { ...common, names, seeds: 1 }).measured;
  expect(given(searching)).toEqual(given(descending));
  const bare = compareProgress(searching as Setup, innerProblem(problem, options), {
    ...common,
    names,
    seeds: 1,
  });
  expect(bare.measured.map(({ name }) => name)).toEqual(["snes"]);
  expect(bare.failed).toEqual([
    { name: "nres", error: expect.stringContaining("Give innerProblem its third argument") as string },
  ]);
});

test("a name that nothing has, and no name", () => {
  const of = (names: string[]) => () => compareProgress(descending as Setup, inner, { ...common, names });
  expect(of(["nerlderMead"])).toThrow(OptionError);
  expect(of(["nerlderMead"])).toThrow('Did you mean "nelderMead"?');
  expect(of([])).toThrow("at least one name");
});

test("a search cannot do without an end of the loop: that is told, and the others are measured", () => {
  const endless = { ...problem, horizon: Infinity };
  const { measured, failed } = compareProgress(
    descending as Setup,
    innerProblem(endless, options, inner.learningRate),
    { ...common, names: ["nres", "cmaEs"], seeds: 1 },
  );
  expect(measured.map(({ name }) => name)).toEqual(["nres"]);
  expect(failed.map(({ name }) => name)).toEqual(["cmaEs"]);
  expect(failed[0]!.error).toContain("give the loop an end");
});

test("an estimator of the problem alone is trained with as the others are", { tags: ["long"] }, () => {
  /** The exact gradient of the mean loss, by hand. */
  const byHand: ComparedEstimator = {
    ...{ name: "by hand", kind: "reverse", isUnbiased: true, isWhole: true, isDeterministic: true },
    cost: { perUnit: 1 },
    options: [],
    create: () => ({
      ...createEstimator("bptt", problem, { objective: "mean" }),
      name: "by hand",
      estimate(theta, state) {
        const miss = (theta as Tensor).sub(1);
        return {
          loss: miss.mul(miss).sum().item(),
          gradient: miss.mul(2),
          state,
          metrics: { innerSteps: 4 },
        };
      },
    }),
  };
  const { measured, failed } = compareProgress(
    descending as Setup,
    { ...inner, others: [byHand] },
    {
      ...common,
      names: ["by hand", "bptt", "cmaEs"],
    },
  );
  expect(failed).toEqual([]);
  const [own, exact] = ["by hand", "bptt"].map((name) => measured.find((one) => one.name === name)!);
  expect(own!.isSearch).toBe(false);
  expect(own!.setting).toEqual({ estimator: "by hand", truncation: 4, learningRate: 0.1, tasks: 1 });
  // Backpropagation over whole trajectories: the same gradients, as many inner steps.
  expect(own!.outerSteps).toBe(exact!.outerSteps);
  expect(own!.loss).toBeCloseTo(exact!.loss, 5);
});
