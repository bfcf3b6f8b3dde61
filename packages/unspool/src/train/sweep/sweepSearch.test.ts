/** Searches over settings: the space by hand, the same settings whatever was stopped, and what is made of failed runs. */
import { describe, expect, test } from "vitest";
import { NonFiniteError } from "../../errors.ts";
import { searchNames } from "../../search/index.ts";
import type { Experiment } from "../experiment.ts";
import { type CellEnd, type CellHooks, runCell } from "../study/runCell.ts";
import { growStudy, resumeStudy, runStudy } from "../study/runStudy.ts";
import type { StudyEvent } from "../study/studyEvents.ts";
import { memoryStudyStore } from "../study/studyStore.ts";
import { quadratic } from "../testExperiment.ts";
import { continuedPlan, requireSamePlan } from "./samePlan.ts";
import { type SearchField, searchSpace, valueInRange } from "./searchSpace.ts";
import { type SweepPlan, checkedPlan } from "./sweepPlan.ts";
import { beginSearch, configOfTexts } from "./sweepSearch.ts";
import { sweepStudy } from "./sweepStudy.ts";

const fields: SearchField[] = [
  { kind: "log", low: 1e-4, high: 1 },
  { kind: "int", low: 2, high: 4 },
  { kind: "choice", values: ["a", "b", "c"] },
  { kind: "uniform", low: -1, high: 1 },
];

describe("the space", () => {
  test("is one-hot in choices for a search of numbers, and the greatest of them is the value", () => {
    const space = searchSpace(fields, false);
    expect(space.categories).toEqual([0, 0, 0, 0, 0, 0]);
    expect(space.start).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(space.valuesAt([0.5, 0.4, 0.2, 0.7, 0.3, 0.75])).toEqual(["0.01", "3", "b", "0.5"]);
    // Equal ones are the first.
    expect(space.valuesAt([0, 0, 0, 0, 0, 0])).toEqual(["0.0001", "2", "a", "-1"]);
    expect(space.valuesAt([1, 1, 1, 1, 1, 1])).toEqual(["1", "4", "a", "1"]);
  });

  test("has one number for a choice where categories are taken", () => {
    const space = searchSpace(fields, true);
    expect(space.categories).toEqual([0, 0, 3, 0]);
    expect(space.start).toEqual([0.5, 0.5, 0, 0.5]);
    expect(space.valuesAt([0.25, 0.99, 2, 0.5])).toEqual(["0.001", "4", "c", "0"]);
  });

  test("of an integer has the same width for each, and numbers have four digits within the range", () => {
    const texts = Array.from({ length: 300 }, (_, i) =>
      valueInRange({ kind: "int", low: 2, high: 4 }, (i + 0.5) / 300),
    );
    expect(["2", "3", "4"].map((text) => texts.filter((one) => one === text).length)).toEqual([
      100, 100, 100,
    ]);
    expect(valueInRange({ kind: "uniform", low: 0, high: 1 / 3 }, 0.5)).toBe("0.1667");
    expect(valueInRange({ kind: "uniform", low: 0, high: 0.33333 }, 1)).toBe("0.3333");
  });
});

/** Its loss is the smaller the less noise there is; `failAt` makes a run fail. */
const experiment = quadratic as Experiment;

const empty: SweepPlan = {
  ...{ experiment: "quadratic", fields: ["noise"], fixed: [], settings: [], seeds: [0], steps: 4 },
  ...{ by: "loss", isMaximised: false, halving: null, search: null },
};
const noises: SearchField[] = [{ kind: "log", low: 1e-2, high: 10 }];
const begun = (method: string, trials: number, more: object = {}): Promise<SweepPlan> =>
  beginSearch(empty, { method, trials, space: noises, ...more });
const noisesOf = (plan: unknown): string[] => (plan as SweepPlan).settings.map(({ values }) => values[0]!);

test("values go to their paths, those of all settings too", () => {
  const plan = { ...empty, fields: ["task.rate", "kind"], fixed: ["task.size=3"] };
  expect(configOfTexts(plan, ["0.1", "a"])).toEqual({ task: { size: 3, rate: 0.1 }, kind: "a" });
});

test("every method of the registry begins, and its plan is what is read again", async () => {
  for (const method of searchNames) {
    const plan = await begun(method, 5);
    expect(checkedPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    expect(plan.settings.length, method).toBeGreaterThan(0);
    expect(plan.settings.length).toBeLessThanOrEqual(5);
  }
});

describe("a sweep of runs", () => {
  const study = sweepStudy(experiment);

  test("tries the same settings whatever is stopped, whichever run ends first, and however it has grown", async () => {
    const whole = memoryStudyStore();
    const config = await begun("cmaEs", 8, { batch: 3 });
    const { summary } = await runStudy(study, { config, store: whole });
    const tried = noisesOf((await whole.readManifest())!.config);
    expect(new Set(tried).size).toBe(8);
    expect(summary.figures!.map(({ id }) => id)).toContain("search-progress");

    // Stopped in the second batch.
    const stopped = memoryStudyStore();
    const controller = new AbortController();
    let ended = 0;
    const onEvent = (event: StudyEvent): void => {
      if (event.type === "cell-end" && ++ended === 5) controller.abort();
    };
    await runStudy(study, { config, store: stopped, signal: controller.signal, onEvent });
    expect(noisesOf((await stopped.readManifest())!.config)).toEqual(tried.slice(0, 6));
    const resumed = await resumeStudy(study, stopped);
    expect(resumed.summary).toEqual(summary);

    // Three at once, the later ones of which end first.
    const several = memoryStudyStore();
    const runElsewhere = async (id: string, hooks: CellHooks): Promise<CellEnd> => {
      const all = study.cells(checkedPlan((await several.readManifest())!.config), 0);
      const at = all.findIndex((cell) => cell.id === id);
      await new Promise((resolve) => setTimeout(resolve, 30 - 15 * (at % 3)));
      return runCell(all[at]!, new Map(), several.cell(id), hooks);
    };
    const together = await runStudy(study, { config, store: several, jobs: 3, runElsewhere });
    expect(together.summary).toEqual(summary);

    // From fewer trials, the last batch of which was not whole.
    const grown = memoryStudyStore();
    await runStudy(study, { config: await begun("cmaEs", 4, { batch: 3 }), store: grown });
    const found = checkedPlan((await grown.readManifest())!.config);
    expect(noisesOf(found)).toEqual(tried.slice(0, 4));
    requireSamePlan("there", found, config);
    await growStudy(study, grown, { config: await continuedPlan(found, config) });
    expect(noisesOf((await grown.readManifest())!.config)).toEqual(tried);
  });

  test("comes to little noise, and maximises where it is told to", { tags: ["long"] }, async () => {
    const { summary } = await runStudy(study, { config: await begun("bo", 8) });
    const [, best] = summary.tables![0]!.rows[0]!;
    expect(Number(best)).toBeLessThan(1);
    const greatest = { ...(await begun("bo", 8)), isMaximised: true };
    const { summary: other } = await runStudy(study, { config: greatest });
    expect(Number(other.tables![0]!.rows[0]![1])).toBeGreaterThan(5);
  });

  test("does not run a setting twice, and ends where all have been run", async () => {
    const config = await beginSearch(
      { ...empty, fields: ["failAt"] },
      { method: "tpe", trials: 15, space: [{ kind: "int", low: -3, high: -1 }] },
    );
    const { cells } = await runStudy(study, { config });
    expect(cells.length).toBeLessThanOrEqual(6);
  });

  test("goes on where some have failed, and stops where all of the first batch have", async () => {
    const space: SearchField[] = [...noises, { kind: "int", low: 1, high: 9 }];
    const failing = { ...empty, fields: ["noise", "failAt"] };
    const config = await beginSearch(failing, { method: "cmaEs", trials: 8, space, batch: 4 });
    const { cells, summary } = await runStudy(study, { config });
    expect(cells).toHaveLength(8);
    expect(summary.metrics!["failedRuns"]).toBeGreaterThan(0);
    const all: SearchField[] = [...noises, { kind: "int", low: 1, high: 3 }];
    const none = await beginSearch(failing, { method: "cmaEs", trials: 8, space: all, batch: 4 });
    await expect(runStudy(study, { config: none })).rejects.toThrow(NonFiniteError);
  });

  test("another method, other ranges, seeds and fewer trials are refused, in words", async () => {
    const plan = await begun("tpe", 8);
    const refused = async (other: Partial<SweepPlan> | Promise<SweepPlan>, words: string): Promise<void> => {
      const given = { ...plan, ...(await other) };
      expect(() => requireSamePlan("runs/x", plan, given)).toThrow(words);
    };
    await refused(
      begun("cmaEs", 8),
      "There, the search: tpe of seed 0 in log(0.01,10); in this command: cmaEs",
    );
    await refused(begun("tpe", 8, { seed: 1 }), "in this command: tpe of seed 1");
    await refused(begun("tpe", 7), "There, 8 trials; in this command: 7.");
    await refused({ seeds: [0, 1] }, "the seeds: 0; in this command: 0, 1");
    await refused({ by: "final" }, "what it decided by");
    requireSamePlan("runs/x", plan, await begun("tpe", 9));
  });
});
