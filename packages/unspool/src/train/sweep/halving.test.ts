/** Successive halving: rungs and decisions by hand, the bits of runs that went on, and what the summary compares. */
import { describe, expect, test } from "vitest";
import { OptionError } from "../../errors.ts";
import type { Experiment } from "../experiment.ts";
import { memoryStore } from "../memoryStore.ts";
import { resumeStudy, runStudy } from "../study/runStudy.ts";
import type { CellResult } from "../study/study.ts";
import type { StudyEvent } from "../study/studyEvents.ts";
import { memoryStudyStore } from "../study/studyStore.ts";
import { quadratic, withoutTimes } from "../testExperiment.ts";
import { train } from "../train.ts";
import { halving, nextRung, rungOf, stopOf } from "./halving.ts";
import { requireSamePlan } from "./samePlan.ts";
import { sweepCellId } from "./settingNames.ts";
import { type SweepPlan, checkedPlan } from "./sweepPlan.ts";
import { sweepStudy } from "./sweepStudy.ts";
import { sweepSummary } from "./sweepSummary.ts";

const rungsOf = (settings: number, steps: number, more: object = {}): readonly number[] =>
  halving({ settings, steps, ...more }).rungs;

test("there are as many rungs as leave one setting, each eta times as far as the one before", () => {
  expect(rungsOf(27, 81)).toEqual([3, 9, 27, 81]);
  expect(rungsOf(9, 100)).toEqual([11, 33, 100]);
  expect(rungsOf(2, 100)).toEqual([33, 100]);
  // 10 → 5 → 2 → 1.
  expect(rungsOf(10, 80, { eta: 2 })).toEqual([10, 20, 40, 80]);
  // Few steps have few rungs.
  expect(rungsOf(27, 4)).toEqual([1, 4]);
  expect(rungsOf(27, 2)).toEqual([1, 2]);
  expect(rungsOf(27, 1000, { minSteps: 10 })).toEqual([10, 30, 90, 1000]);
  expect(rungsOf(27, 50, { minSteps: 20 })).toEqual([20, 50]);
});

test.each([
  [{ settings: 1 }, "settings must be an integer of at least 2, got 1"],
  [{ steps: 1 }, "steps must be an integer of at least 2, got 1"],
  [{ eta: 1 }, "eta must be an integer of at least 2, got 1"],
  [{ minSteps: 81 }, "minSteps must be below 81, the outer steps of a whole run, got 81"],
])("%j is refused", (wrong, words) => {
  expect(() => halving({ settings: 9, steps: 81, ...wrong })).toThrow(words);
});

const plan: SweepPlan = checkedPlan({
  experiment: "quadratic",
  fields: ["rate"],
  settings: ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"].map((rate) => ({ values: [rate], config: {} })),
  seeds: [0, 1],
  steps: 8,
  halving: halving({ settings: 6, steps: 8, minSteps: 3 }),
});

/** Results of the settings, with as many steps as their rung has; `loss` NaN of a run that failed. */
function resultsOf(
  of: SweepPlan,
  settings: readonly number[],
  loss: (setting: number, seed: number) => number,
) {
  return new Map(
    settings.flatMap((at) =>
      of.seeds.map((seed): [string, CellResult] => {
        const value = loss(at, seed);
        const isFailed = Number.isNaN(value);
        const metrics = Array.from({ length: isFailed ? 1 : (stopOf(of, at) ?? 8) }, (_, i) => ({
          ...{ step: i + 1, loss: value, innerSteps: 1, durationMs: 1 },
        }));
        return [
          sweepCellId(of, of.settings[at]!, seed),
          {
            ...{ id: "", config: {}, seed, metrics, evaluation: undefined, theta: async () => undefined },
            ...(isFailed && { failure: { code: "NON_FINITE", message: "the loss is NaN" } }),
          },
        ];
      }),
    ),
  );
}

describe("decisions", () => {
  test("are by the mean, those with failed runs last, and those that went on are at the next rung", () => {
    expect(plan.halving!.rungs).toEqual([3, 8]);
    const all = [0, 1, 2, 3, 4, 5];
    const results = resultsOf(plan, all, (at, seed) => (at === 5 && seed === 1 ? NaN : 6 - at + seed));
    const { config, note } = nextRung(results, plan)!;
    expect(note).toBe("2 of 6 settings go on from 3 to 8 outer steps.");
    // The sixth would be the best by the run that did not fail.
    expect(config.halving!.decided).toEqual([
      {
        members: all,
        values: [...[0, 1, 2, 3, 4].map((at) => [6 - at, 7 - at]), [1, null]],
        kept: [4, 3],
      },
    ]);
    expect(all.map((at) => [rungOf(config, at), stopOf(config, at)])).toEqual(
      all.map((at) => (at === 3 || at === 4 ? [1, undefined] : [0, 3])),
    );
    expect(nextRung(results, config)).toBeUndefined();
    // What it writes is what it reads.
    expect(checkedPlan(JSON.parse(JSON.stringify(config)))).toEqual(config);
    const greatest = nextRung(results, { ...plan, isMaximised: true })!;
    expect(greatest.config.halving!.decided[0]!.kept).toEqual([0, 1]);
  });

  test("let nobody go on where all have failed", () => {
    expect(
      nextRung(
        resultsOf(plan, [0, 1, 2, 3, 4, 5], () => NaN),
        plan,
      ),
    ).toBeUndefined();
  });

  test.each([
    ["rungs", [3, 3, 8]],
    ["rungs", [3, 9]],
    ["decided", [{ members: [0], values: [[1]], kept: [9] }]],
    ["eta", 0],
  ])("out of a folder whose %s is %j are refused", (name, value) => {
    expect(() => checkedPlan({ ...plan, halving: { ...plan.halving!, [name]: value } })).toThrow(OptionError);
  });
});

test("the summary ranks finalists first whatever their numbers, compares fields at the first rung, and tells what was saved", () => {
  const all = [0, 1, 2, 3, 4, 5];
  const first = resultsOf(plan, all, (at, seed) => 6 - at + seed);
  const { config } = nextRung(first, plan)!;
  const last = new Map([...first, ...resultsOf(config, [4, 5], (at, seed) => 100 + at + seed)]);
  const { metrics, tables, figures } = sweepSummary(last, config);
  // 4 settings of 2 runs and 3 steps, and 2 of 2 runs and 8 steps; of 6 settings of 2 runs and 8 steps.
  expect(metrics).toEqual({ best: 104.5, failedRuns: 0, outerSteps: 56, outerStepsSaved: 40 });
  const [ranked, rungs, shares, levels] = tables!;
  expect(ranked!.columns).toEqual([
    "rank",
    "rate",
    "outer steps",
    "loss",
    "runs",
    "failed",
    "minus the best",
  ]);
  expect(ranked!.rows.map((row) => [row[1], row[2], row.at(-1)])).toEqual([
    ["0.5", 8, ""],
    ["0.6", 8, "1 ± 0"],
    ...["0.4", "0.3", "0.2", "0.1"].map((rate) => [rate, 3, ""]),
  ]);
  expect(rungs!.title).toContain("56 outer steps were run, 40 of 96 (42 %) were saved");
  expect(rungs!.rows.map((row) => row.slice(0, 4))).toEqual([
    [3, 6, "", 2],
    [8, 2, "", ""],
  ]);
  expect(shares!.title).toContain("Which fields matter");
  expect(levels!.columns[2]).toBe("loss at 3 outer steps");
  expect(levels!.rows.map((row) => String(row[2]).split(" ")[0])).toEqual([
    "6.5",
    "5.5",
    "4.5",
    "3.5",
    "2.5",
    "1.5",
  ]);
  const curve = figures!.find(({ id }) => id === "curve-loss")!;
  expect(curve.caption).toContain("Curves of settings that did not go on end at their rung.");
  expect(curve.series.filter(({ kind }) => kind !== "band").map(({ x }) => x.at(-1))).toEqual([
    8, 8, 3, 3, 3, 3,
  ]);
});

describe("a sweep of runs", () => {
  const experiment = quadratic as Experiment;
  const swept: SweepPlan = {
    ...plan,
    experiment: experiment.name,
    fields: ["noise"],
    settings: [0.01, 0.5, 3].map((noise) => ({ values: [String(noise)], config: { noise } })),
    halving: halving({ settings: 3, steps: 6, minSteps: 2 }),
    steps: 6,
  };

  test("stopped on its way to the last rung it is gone on with to the same summary, and the best has the bits of a run by itself", async () => {
    const whole = memoryStudyStore();
    const { summary } = await runStudy(sweepStudy(experiment), { config: swept, store: whole });
    expect(summary.metrics).toMatchObject({ outerSteps: 20, outerStepsSaved: 16 });
    const controller = new AbortController();
    const stopped = memoryStudyStore();
    const onEvent = (event: StudyEvent): void => {
      if (event.type === "cell" && event.event.type === "step" && event.event.record.step === 4)
        controller.abort();
    };
    const options = { config: swept, store: stopped, signal: controller.signal, onEvent };
    const before = await runStudy(sweepStudy(experiment), options);
    expect(before.results.size).toBe(4);
    const again = await resumeStudy(sweepStudy(experiment), stopped);
    expect(again.summary).toEqual(summary);
    const [, best] = summary.tables![0]!.rows[0]!;
    const alone = memoryStore();
    const config = { noise: Number(best) };
    const { evaluation } = await train(experiment, { config, steps: 6, seed: 1, store: alone });
    const cell = stopped.cell(`noise-${best}_seed-1`);
    expect(withoutTimes(await cell.readMetrics())).toEqual(withoutTimes(await alone.readMetrics()));
    expect(await cell.readArtifact("evaluation")).toEqual(evaluation);
  });

  test("another eta, further seeds and another number to judge by are refused, in words", () => {
    const decided = {
      ...swept,
      halving: { ...swept.halving!, decided: [{ members: [0], values: [[1, 1]], kept: [0] }] },
    };
    const refused = (other: Partial<SweepPlan>, words: string): void =>
      expect(() => requireSamePlan("runs/x", decided, { ...swept, ...other })).toThrow(words);
    requireSamePlan("runs/x", decided, swept);
    requireSamePlan("runs/x", swept, { ...swept, by: "final" });
    refused({ halving: null }, "There, halving: 2, 6 outer steps, the best of 3; in this command: none.");
    refused({ seeds: [0, 1, 2] }, "There, the seeds: 0, 1; in this command: 0, 1, 2.");
    refused({ by: "final" }, "what it decided by: loss, the smallest first; in this command: final");
    refused({ settings: [...swept.settings, { values: ["1"], config: {} }] }, "the number of settings: 3");
    refused({ seeds: [0] }, "what it decided is of the seeds and settings that it has");
  });
});
