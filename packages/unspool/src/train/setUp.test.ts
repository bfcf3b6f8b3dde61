/** What a setup returns is checked before anything is begun. */
import { expect, test } from "vitest";
import { ExperimentError } from "../errors.ts";
import type { Experiment } from "./experiment.ts";
import { type QuadraticConfig, quadratic, quadraticSetup } from "./testExperiment.ts";
import { train } from "./train.ts";

const returning = (change: (setup: Record<string, unknown>) => object): Experiment =>
  ({
    ...quadratic,
    setup: (config: QuadraticConfig) => change({ ...quadraticSetup(config) }),
  }) as unknown as Experiment;

test.each([
  ["methods", "method", "estimator"],
  ["optimiser", "optimizer", "optimizer"],
  ["evalute", "evaluate", "evaluate"],
  ["figure", "figures", "figures"],
  ["step", "steps", "steps"],
])("an entry %s is no part of a setup, and %s is meant", async (part, meant, from) => {
  const misspelt = returning(({ [from]: value, ...rest }) => ({ ...rest, [part]: value }));
  const run = train(misspelt);
  await expect(run).rejects.toThrow(ExperimentError);
  await expect(run).rejects.toThrow(
    `quadratic: its setup returned an entry "${part}", which is no part of a setup. Did you mean ${meant}?`,
  );
});

test("a setup with nothing that moves theta says what one is made of", async () => {
  const still = returning(({ theta, steps }) => ({ theta, steps }));
  await expect(train(still)).rejects.toThrow(
    "its setup must return { theta, estimator, optimizer, steps } or { theta, method, steps }, got {theta, steps}.",
  );
});

test("entries of other names, and of near names beside the part, are the user's own", async () => {
  const own = returning((setup) => ({ ...setup, data: [1, 2], step: 1, outer: 2 }));
  expect((await train(own, { steps: 1 })).step).toBe(1);
});
