import { random, train } from "unspool";
import { expect, test } from "vitest";
import { lorenzIdentification } from "./lorenzIdentification.ts";

const small = { horizon: 40, truncation: 20, pairs: 2, tasks: 3, surface: 3 };

test("one trajectory where all are the same, and the learning rate of the estimator by any of its names", async () => {
  const setUp = async (estimator: string) =>
    lorenzIdentification.setup(lorenzIdentification.config.parse({ ...small, estimator }), random.key(0));
  const tasks = async (estimator: string) => (await setUp(estimator)).inner!.options.tasks;
  expect([await tasks("bptt"), await tasks("tbptt"), await tasks("fullEs")]).toEqual([1, 3, 3]);
  const rate = async (estimator: string) => (await setUp(estimator)).inner!.learningRate!.value;
  // Of the code released with NRES.
  expect([await rate("tes"), await rate("truncatedEs"), await rate("nres")]).toEqual([3e-4, 3e-4, 1e-5]);
});

test("the surface, made row by row, has the loss of every point", async () => {
  const { figures } = await train(lorenzIdentification, { config: small, steps: 2 });
  const { values, x, y } = figures.find(({ id }) => id === "surface")!.heatmap!;
  expect([values.length, x.length, y.length]).toEqual([9, 3, 3]);
  for (const value of values) expect(value).toBeGreaterThan(0);
  const slice = figures.find(({ id }) => id === "slice")!.series[0]!;
  // The loss is 0 at the truth, place 1 of the line: rounding in float64, drawn as 1e-6.
  expect(slice.y[slice.x.findIndex((s) => Math.abs(s - 1) < 1e-9)]).toBe(1e-6);
});
