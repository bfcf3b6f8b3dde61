/** Traits of the registry that must fit together, whatever is added to it. */
import { describe, expect, test } from "vitest";
import { estimatorEntry, estimators } from "./registry.ts";
import { innerStepsOf, suitsProblem } from "./traits.ts";

const line = (name: string): string => `estimators/registry.ts, the line of "${name}"`;

describe.each(estimators.map((entry) => [entry.name, entry] as const))("%s", (name, entry) => {
  test("has options for what its traits say", () => {
    const has = (option: string): boolean => (entry.options as readonly string[]).includes(option);
    expect(has("pairs") !== has("tasks"), `${line(name)}: options of "pairs" or of "tasks"`).toBe(true);
    expect(has("truncation"), `${line(name)}: isWhole, or the option "truncation"`).toBe(!entry.isWhole);
    expect(has("sigma") || entry.scalesWithSigma !== true, `${line(name)}: scalesWithSigma`).toBe(true);
    expect(has("resets"), `${line(name)}: resets, or the option "resets"`).toBe(entry.resets !== undefined);
  });
});

test("one stands for each kind that is recommended, with a finite horizon and without", () => {
  for (const kind of ["reverse", "mixed", "es"]) {
    for (const horizon of ["finite", "endless"]) {
      const found = estimators.filter((entry) => entry.kind === kind && entry.standsFor === horizon);
      expect(found.length, `estimators/registry.ts: standsFor "${horizon}" of kind "${kind}"`).toBe(1);
      expect(found[0]!.isWhole && horizon === "endless", line(found[0]!.name)).toBe(false);
    }
  }
});

test("no two are preferred alike", () => {
  const given = estimators.flatMap(({ preference }) => (preference === undefined ? [] : [preference]));
  expect(new Set(given).size, "estimators/registry.ts: preference").toBe(given.length);
});

test("inner steps are those of pairs or tasks, and of what they share", () => {
  // PES-Analytic: two members for each of 3 pairs and one trajectory without noise, over 5 steps.
  expect(innerStepsOf(estimatorEntry("pesAnalytic"), 3, 5)).toBe((2 * 3 + 1) * 5);
  // Truncated ES carries the mean on, which is a third member of each pair.
  expect(innerStepsOf(estimatorEntry("tes"), 3, 5)).toBe(3 * 3 * 5);
  expect(innerStepsOf(estimatorEntry("bptt"), 3, 5)).toBe(3 * 5);
});

test("a problem without derivatives is for losses alone; one tangent per number of theta for few numbers", () => {
  const suits = (name: string, isDifferentiable: boolean, thetaSize: number): boolean =>
    suitsProblem(estimatorEntry(name), { isDifferentiable, thetaSize });
  expect(["pes", "bptt", "rtrl", "mixture"].map((name) => suits(name, false, 1))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(["pes", "bptt", "rtrl", "mixture"].map((name) => suits(name, true, 64))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["pes", "bptt", "rtrl", "mixture"].map((name) => suits(name, true, 65))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a search is no estimator: its name is refused with what makes a method of one", () => {
  expect(() => estimatorEntry("cmaEs")).toThrow("searchMethod(name, problem) makes a method of one");
  expect(() => estimatorEntry("tbpt")).toThrow('Did you mean "tbptt"?');
});
