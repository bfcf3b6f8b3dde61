/** An entry that says something false of its estimator or optimizer is told which field of which file that is. */
import { expect, test } from "vitest";
import { estimatorEntry } from "../estimators/index.ts";
import { objectiveOptimizers, optimizerEntry, sgd } from "../optimizers/index.ts";
import type { ConformanceCheck } from "./check.ts";
import { estimatorConformance } from "./estimatorConformance.ts";
import { objectiveConformance } from "./objectiveConformance.ts";
import { optimizerConformance } from "./optimizerConformance.ts";
import { registeredEstimator, registeredObjectiveOptimizer, registeredOptimizer } from "./registered.ts";

/** What the check whose name has this part says; undefined if it passes. */
function saidBy(checks: readonly ConformanceCheck[], part: string): string | undefined {
  const check = checks.find(({ name }) => name.includes(part))!;
  try {
    check.run();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: "ConformanceError", code: "CONFORMANCE" });
    return (error as Error).message;
  }
}

test.each([
  ["adamw", { hasDecay: false }, "a zero gradient", "hasDecay"],
  ["lars", { isPerLeaf: false }, "a nested tree", "isPerLeaf"],
  ["sgd", { stepsOfDescent: 1 }, "it descends", "stepsOfDescent"],
  ["sgd", { hyperparameters: { learningRate: 1e-9 } }, "it descends", "hyperparameters"],
] as const)("the optimizer %s with %j", (name, wrong, check, field) => {
  const entry = optimizerEntry(name);
  const of = (given: typeof entry) => saidBy(optimizerConformance(registeredOptimizer(given)), check);
  expect(of(entry)).toBeUndefined();
  expect(of({ ...entry, ...wrong })).toContain(`optimizers/registry.ts: ${field} of "${name}"`);
});

test("an optimizer that does not know its hyperparameters", () => {
  const entry = { ...optimizerEntry("sgd"), hyperparameters: { length: 0.1 } };
  const said = saidBy(optimizerConformance(registeredOptimizer(entry)), "theta and state keep");
  expect(said).toMatch(/^sgd: it threw OptionError: sgd: the name of an option must be .* got "length"\./);
  expect(said).toContain(
    'It was made as optimizers/registry.ts: hyperparameters and settings of "sgd" says.',
  );
});

test("the optimizer of objectives entropySgd with another movesAtRest", () => {
  const entry = objectiveOptimizers.find(({ movesAtRest }) => movesAtRest)!;
  const subject = registeredObjectiveOptimizer({ ...entry, movesAtRest: false });
  expect(saidBy(objectiveConformance(subject), "a zero gradient")).toContain(
    `optimizers/objective/objectiveRegistry.ts: movesAtRest of "${entry.name}"`,
  );
});

test.each([
  ["truncatedEs", { isUnbiased: true }, "the mean is the closed form on scalarSystem", "isUnbiased"],
  ["pes", { variance: "zero" }, "the variance is as predicted on scalarSystem", "variance"],
  ["bptt", { cost: { perUnit: 2 } }, "inner steps are counted", "cost"],
] as const)("the estimator %s with %j", (name, wrong, check, field) => {
  const subject = registeredEstimator({ ...estimatorEntry(name), ...wrong });
  expect(saidBy(estimatorConformance(subject), check)).toContain(
    `estimators/registry.ts: ${field} of "${name}"`,
  );
});

test("an optimizer that nobody registered is told the field of its subject", () => {
  const checks = optimizerConformance({ name: "mine", create: (given) => sgd(given), stepsOfDescent: 1 });
  expect(saidBy(checks, "it descends")).toMatch(
    /^mine: the loss .* Mend it, or hyperparameters of the subject "mine"; or stepsOfDescent of the subject "mine"\.$/,
  );
});

test("without hyperparameters it is the learning rate, or all numbers there are", () => {
  const entry = optimizerEntry("sgd");
  const of = (defaults: Record<string, unknown>) =>
    registeredOptimizer({ ...entry, defaults }).hyperparameters;
  expect(of({ eps: 1, learningRate: 0.001 })).toEqual({ learningRate: 0.05 });
  expect(of({ isFast: true, length: 0.01, decay: 0.5 })).toEqual({ length: 0.01, decay: 0.5 });
  expect(of({})).toEqual({ learningRate: 0.05 });
});
