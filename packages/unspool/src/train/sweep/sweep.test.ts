/** Sweeps: ranking and bands against closed forms, runs that failed, growth, and the same bits whatever was stopped. */
import { describe, expect, test } from "vitest";
import { OptionError, ResumeError } from "../../errors.ts";
import type { Experiment } from "../experiment.ts";
import { growStudy, runStudy } from "../study/runStudy.ts";
import type { CellResult } from "../study/study.ts";
import type { StudyEvent } from "../study/studyEvents.ts";
import { memoryStudyStore } from "../study/studyStore.ts";
import { quadratic } from "../testExperiment.ts";
import { explainedShare, fieldEffects } from "./fieldEffects.ts";
import { meanInterval } from "./interval.ts";
import { parallelCoordinates } from "./parallelCoordinates.ts";
import { pairedDifference, rankSettings } from "./rankSettings.ts";
import { curveOf } from "./settingCurves.ts";
import { requireSamePlan } from "./samePlan.ts";
import { sweepCellId } from "./settingNames.ts";
import { type SweepPlan, checkedPlan } from "./sweepPlan.ts";
import { sweepStudy } from "./sweepStudy.ts";
import { sweepSummary } from "./sweepSummary.ts";
import { intervalText } from "./sweepTables.ts";

const plan: SweepPlan = {
  experiment: "quadratic",
  fields: ["rate", "kind"],
  fixed: [],
  settings: ["0.1", "0.2"].flatMap((rate) =>
    ["a", "b"].map((kind) => ({ values: [rate, kind], config: {} })),
  ),
  seeds: [0, 1, 2],
  steps: null,
  by: "loss",
  isMaximised: false,
  halving: null,
  search: null,
};

/** The result of a run whose steps have these losses. */
function resultOf(seed: number, losses: readonly number[], more: Partial<CellResult> = {}): CellResult {
  const metrics = losses.map((loss, i) => ({ step: i + 1, loss, innerSteps: i + 1, durationMs: 1 }));
  const none = { id: "", config: {}, evaluation: undefined, theta: () => Promise.resolve(undefined) };
  return { ...none, seed, metrics, ...more };
}

/** Results of all settings; `loss` says that of each run, NaN that it failed. */
function resultsOf(loss: (setting: number, seed: number) => number): Map<string, CellResult> {
  return new Map(
    plan.settings.flatMap((setting, i) =>
      plan.seeds.map((seed) => {
        const value = loss(i, seed);
        const failure = { code: "NON_FINITE", message: "the loss is NaN" };
        const result = Number.isNaN(value) ? resultOf(seed, [5], { failure }) : resultOf(seed, [9, value]);
        return [sweepCellId(plan, setting, seed), result] as const;
      }),
    ),
  );
}

test("a mean of 1, 2, 3 lies within 2 ± 4.303 / sqrt(3): t of two degrees is 0.95 / sqrt(2 · 0.975 · 0.025)", () => {
  const half = 0.95 / Math.sqrt(2 * 0.975 * 0.025) / Math.sqrt(3);
  const { mean, low, high, count } = meanInterval([1, 2, 3]);
  expect([mean, count]).toEqual([2, 3]);
  expect(low).toBeCloseTo(2 - half, 12);
  expect(high).toBeCloseTo(2 + half, 12);
  expect(meanInterval([4])).toEqual({ mean: 4, low: NaN, high: NaN, count: 1 });
});

test.each([
  [248.1298, 0.2137, "248.13 ± 0.21"],
  [-0.00012345, 0.0000021, "−0.0001234 ± 0.0000021"],
  [2426.412, 0.5, "2426.41 ± 0.5"],
  [3.2e9, 4.4e8, "3200000000 ± 440000000"],
  [1, 25, "1 ± 25"],
  [0, 0.25, "0 ± 0.25"],
  [0.123456, 0, "0.123456 ± 0"],
  [0.123456, NaN, "0.1235"],
])("%d ± %d is told as %s", (mean, half, text) => {
  expect(intervalText({ mean, low: mean - half, high: mean + half, count: 3 })).toBe(text);
});

test("a paired difference is of the common seeds only, and sharper than the means: 0.1, 0.1, 0.1 has no width", () => {
  const [one, other] = [
    new Map([
      [0, 1.25],
      [1, 5.25],
      [2, 9.25],
      [7, 0],
    ]),
    new Map([
      [0, 1],
      [1, 5],
      [2, 9],
      [8, 3],
    ]),
  ];
  expect(pairedDifference(one, other)).toEqual({ mean: 0.25, low: 0.25, high: 0.25, count: 3 });
});

describe("the ranking", () => {
  test("is by the mean, smallest first, with paired differences to the best", () => {
    const { measured, settings } = rankSettings(
      resultsOf((i, seed) => [3, 1, 2, 4][i]! + 10 * seed + (i === 2 ? 0.5 * seed : 0)),
      plan,
    );
    expect(measured).toEqual({ name: "loss", of: "steps" });
    expect(settings.map(({ label }) => label)).toEqual([
      ...["rate=0.1 kind=b", "rate=0.2 kind=a", "rate=0.1 kind=a", "rate=0.2 kind=b"],
    ]);
    expect(settings.map(({ interval }) => interval.mean)).toEqual([11, 12.5, 13, 14]);
    // Differences of the second: 1, 1.5, 2.
    expect(settings[1]!.toBest).toEqual(meanInterval([1, 1.5, 2]));
    const reversed = rankSettings(
      resultsOf((i) => i),
      { ...plan, isMaximised: true },
    );
    expect(reversed.settings[0]!.label).toBe("rate=0.2 kind=b");
  });

  test("puts settings with failed runs behind all others, counts them, and says why", () => {
    const results = resultsOf((i, seed) => (i === 0 && seed === 1 ? NaN : i + 1));
    const { settings } = rankSettings(results, plan);
    expect(settings.at(-1)).toMatchObject({
      label: "rate=0.1 kind=a",
      failed: 1,
      interval: { mean: 1, count: 2 },
    });
    const { tables, metrics } = sweepSummary(results, plan);
    expect(metrics).toEqual({ best: 2, failedRuns: 1 });
    expect(tables!.at(-1)!.rows).toEqual([["rate=0.1 kind=a", 1, "the loss is NaN"]]);
    expect(tables![0]!.rows.at(-1)!.slice(0, 6)).toEqual([4, "0.1", "a", "1 ± 0", "3", 1]);
  });

  test("is by the evaluation where that has the name, else by the last tenth of the steps", () => {
    const twenty = Array.from({ length: 20 }, (_, i) => i);
    const evaluation = { metrics: { loss: 7, accuracy: 0.5 } };
    const id = sweepCellId(plan, plan.settings[0]!, 0);
    const of = (one: CellResult, by = "loss") => rankSettings(new Map([[id, one]]), { ...plan, by });
    expect(of(resultOf(0, twenty)).settings[0]!.interval.mean).toBe(18.5);
    expect(of(resultOf(0, twenty, { evaluation })).settings[0]!.interval.mean).toBe(7);
    expect(of(resultOf(0, twenty, { evaluation }), "accuracy").measured.of).toBe("evaluation");
    expect(() => of(resultOf(0, twenty, { evaluation }), "acuracy")).toThrow(
      'by must be one of "loss", "accuracy", got "acuracy". Give the same command with another --by.',
    );
  });
});

describe("effects of fields", () => {
  test("are means over seeds of means over settings, and all of the spread where nothing else makes any", () => {
    const ranked = rankSettings(
      resultsOf((i, seed) => (i < 2 ? 1 : 3) + 0.01 * seed),
      plan,
    );
    const [rate, kind] = fieldEffects(ranked, plan);
    expect(rate!.levels.map(({ label }) => label)).toEqual(["0.1", "0.2"]);
    expect(rate!.levels[0]!.interval).toEqual(meanInterval([1, 1.01, 1.02]));
    // Ranks 1 to 6 in pairs in each group: between 108 of 140 in all, within 32 of 10 degrees: (108 - 3.2) / 140.
    expect(rate!.share).toBeCloseTo(104.8 / 140, 12);
    expect(kind!.share).toBe(0);
  });

  test("a share of two groups that do not overlap: epsilon squared by hand", () => {
    // Groups 1, 2 and 3, 4: between 4, within 1 of 2 degrees, in all 5: (4 - 0.5) / 5.
    expect(
      explainedShare([
        [1, 2],
        [3, 4],
      ]),
    ).toBeCloseTo(0.7, 14);
    expect(explainedShare([[1], [2]])).toBeNaN();
  });

  test("many drawn numbers are told in ranges, with as many settings in each", () => {
    const values = Array.from({ length: 12 }, (_, i) => String((i * 7) % 12));
    const drawn = {
      ...plan,
      fields: ["rate"],
      settings: values.map((value) => ({ values: [value], config: {} })),
    };
    const results = new Map(
      drawn.settings.map(
        (one) => [sweepCellId(drawn, one, 0), resultOf(0, [Number(one.values[0])])] as const,
      ),
    );
    const [rate] = fieldEffects(rankSettings(results, drawn), drawn);
    expect(rate!.levels.map(({ label, interval }) => [label, interval.mean])).toEqual([
      ...[
        ["0 to 2", 1],
        ["3 to 5", 4],
        ["6 to 8", 7],
        ["9 to 11", 10],
      ],
    ]);
  });
});

describe("curves", () => {
  test("have the band of the runs at each step, and end where the first of them fails", () => {
    const failure = { code: "NON_FINITE", message: "" };
    const runs = [resultOf(0, [1, 2, 3]), resultOf(1, [3, 2, 1]), resultOf(2, [2, 5], { failure })];
    const { steps, points } = curveOf(runs, "loss");
    expect(steps).toEqual([1, 2]);
    expect(points).toEqual([meanInterval([1, 3, 2]), meanInterval([2, 2, 5])]);
  });

  test("of many steps are means of parts, each of all its steps", () => {
    const { steps, points, stepsPerPoint } = curveOf(
      [
        resultOf(
          0,
          Array.from({ length: 401 }, (_, i) => i),
        ),
      ],
      "loss",
    );
    expect([stepsPerPoint, steps.length, steps.at(-1)]).toEqual([3, 134, 401]);
    expect(points[0]!.mean).toBe(1);
  });
});

describe("parallel coordinates", () => {
  test("have a place for each value: by its logarithm, or in the order of the words, with gaps between the lines", () => {
    const [rates, kinds] = [
      ["0.01", "1", "0.1"],
      ["a", "b", "a"],
    ];
    const drawn = { ...plan, settings: rates.map((rate, i) => ({ values: [rate, kinds[i]!], config: {} })) };
    const results = new Map(
      drawn.settings.map((one, i) => [sweepCellId(drawn, one, 0), resultOf(0, [[1, 2, 3][i]!])] as const),
    );
    const [figure] = parallelCoordinates(rankSettings(results, drawn), drawn);
    expect(figure!.x.names).toEqual(["rate", "kind", "loss"]);
    expect(figure!.series).toEqual([
      {
        name: "the others",
        x: [0, 1, 2, NaN, 0, 1, 2, NaN],
        y: [1, 1, 0.5, NaN, expect.closeTo(0.5, 12), 0, 1, NaN],
      },
      { name: "the best 1", x: [0, 1, 2, NaN], y: [0, 0, 0, NaN] },
    ]);
    expect(figure!.caption).toContain("rate 0.01 to 1, by its logarithm; kind a, b; loss 1 to 3.");
  });

  test("end before the last axis where all runs of a setting failed", () => {
    const ranked = rankSettings(
      resultsOf((i) => (i === 0 ? NaN : i)),
      plan,
    );
    const [figure] = parallelCoordinates(ranked, plan);
    expect(figure!.series[0]!.y.slice(-2)).toEqual([NaN, NaN]);
    expect(figure!.caption).toContain("Of 1 of them all runs failed");
  });
});

test("ids of cells are names of folders, and those of values that are not are told apart", () => {
  const idOf = (...values: string[]) => sweepCellId(plan, { values, config: {} }, 3);
  expect(idOf("0.01", "pes")).toBe("rate-0.01_kind-pes_seed-3");
  const ids = [idOf("[1,2]", "a"), idOf("[1;2]", "a"), idOf("1", "x".repeat(90)), idOf("1", "x".repeat(91))];
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);
});

test("another sweep is refused in words that say what differs, further seeds and values are not", () => {
  const wider = {
    ...plan,
    seeds: [0, 1, 2, 3],
    settings: [...plan.settings, { values: ["0.3", "a"], config: {} }],
  };
  requireSamePlan("runs/x", plan, { ...wider, by: "accuracy" });
  const refused = (other: Partial<SweepPlan>, words: string): void =>
    expect(() => requireSamePlan("runs/x", wider, { ...wider, ...other })).toThrow(words);
  refused({ steps: 5 }, "There, the outer steps: the experiment's own; in this command: 5.");
  refused({ fixed: ["noise=1"] }, "what is set in all runs: nothing; in this command: noise=1");
  refused({ fields: ["rate"] }, "what is varied: rate, kind; in this command: rate.");
  refused({ seeds: [0, 1] }, "Its seeds 2, 3 are not among those of this command.");
  refused({ settings: plan.settings }, "Its settings lack in this command: rate=0.3 kind=a.");
  const changed = wider.settings.map((one, i) => (i === 1 ? { ...one, config: { steps: 1 } } : one));
  refused({ settings: changed }, "The config is another in: rate=0.1 kind=b.");
  expect(() => requireSamePlan("x", plan, { ...plan, steps: 5 })).toThrow(ResumeError);
});

test.each([
  ["seeds", []],
  ["settings", [{ values: ["1"], config: {} }]],
  ["by", ""],
  ["isMaximised", 1],
  ["steps", 0.5],
])("a plan out of a folder whose %s is %j is refused", (name, value) => {
  expect(() => checkedPlan({ ...plan, [name]: value })).toThrow(OptionError);
});

describe("a sweep of runs", () => {
  const experiment = quadratic as Experiment;
  const swept = (seeds: number[], rates: number[]): SweepPlan => ({
    ...{ ...plan, seeds, experiment: experiment.name, fields: ["rate"], steps: 4 },
    settings: rates.map((rate) => ({ values: [String(rate)], config: { rate } })),
  });

  test("grows by seeds and values: only what is new is run, and the summary is that of the whole at once", async () => {
    const study = sweepStudy(experiment);
    const store = memoryStudyStore();
    await runStudy(study, { config: swept([0, 1], [0.1]), store });
    const started: string[] = [];
    const onEvent = (event: StudyEvent): void => {
      if (event.type === "cell" && event.event.type === "start") started.push(event.id);
    };
    const all = swept([0, 1, 2], [0.1, 0.3]);
    const { summary } = await growStudy(study, store, { config: all, onEvent });
    expect(started).toEqual(["rate-0.3_seed-0", "rate-0.3_seed-1", "rate-0.1_seed-2", "rate-0.3_seed-2"]);
    const whole = await runStudy(study, { config: all });
    expect(summary).toEqual(whole.summary);
    expect(summary.figures!.map(({ id }) => id)).toContain("curve-loss");
    expect((await store.readManifest())!.cells).toHaveLength(6);
  });

  test("that would lose a cell, or have another in its place, is not grown", async () => {
    const study = sweepStudy(experiment);
    const store = memoryStudyStore();
    await runStudy(study, { config: swept([0], [0.1]), store });
    const grown = (config: SweepPlan) => growStudy(study, store, { config });
    await expect(grown(swept([1], [0.1]))).rejects.toThrow(
      'its cell "rate-0.1_seed-0" is not there any more',
    );
    await expect(grown({ ...swept([0], [0.1]), steps: 5 })).rejects.toThrow(ResumeError);
    await expect(growStudy(study, memoryStudyStore(), { config: plan })).rejects.toThrow("there is no study");
  });
});
