/** Studies: cells that are ordinary runs, stopped and gone on with, and a summary with the same bits. */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tree } from "../../array/index.ts";
import { OptionError, ResumeError } from "../../errors.ts";
import type { Experiment } from "../experiment.ts";
import { studyFolder } from "../node/studyFolder.ts";
import { type QuadraticConfig, bits, quadratic, squaredDistance } from "../testExperiment.ts";
import { CellError } from "./cellError.ts";
import { runCell } from "./runCell.ts";
import { resumeStudy, runStudy } from "./runStudy.ts";
import { type Cell, type Study, defineStudy } from "./study.ts";
import type { StudyEvent } from "./studyEvents.ts";
import { memoryStudyStore } from "./studyStore.ts";

const rates = [0.02, 0.1, 0.3];
const base = quadratic as Experiment;

/** Three learning rates, and a run that goes on from the end of the best of them. */
function study(cells: readonly Cell[] = defaultCells(0)): Study<object> {
  return defineStudy<object>({
    name: "rates",
    summary: "Learning rates of a quadratic.",
    config: { parse: () => ({}) },
    cells: () => cells,
    summarise: (results) => ({
      metrics: Object.fromEntries(
        [...results.values()].map(({ id, metrics }) => [id, metrics.at(-1)?.loss ?? NaN]),
      ),
      tables: [
        {
          title: "Cells",
          columns: ["id", "failure"],
          rows: [...results.values()].map(({ id, failure }) => [id, failure?.code ?? "none"]),
        },
      ],
      times: {
        tables: [
          {
            title: "Times",
            columns: ["id", "ms"],
            rows: [...results.values()].map(({ id, metrics }) => [id, metrics.at(-1)!.durationMs]),
          },
        ],
      },
    }),
  });
}

function defaultCells(seed: number): Cell[] {
  return rates.map((rate, i) => ({ id: `rate-${i}`, experiment: base, config: { rate, steps: 8 }, seed }));
}

const kept = (summary: object): unknown => bits({ ...summary, times: null });

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "unspool-study-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Aborts at the `count`-th outer step, over all cells. */
function stopAfter(count: number) {
  const controller = new AbortController();
  const started: string[] = [];
  let steps = 0;
  const onEvent = (event: StudyEvent): void => {
    if (event.type !== "cell") return;
    if (event.event.type === "start") started.push(event.id);
    if (event.event.type === "step" && ++steps === count) controller.abort();
  };
  return { hooks: { signal: controller.signal, onEvent }, started };
}

test("cells are ordinary runs in folders of their own, and the summary is of all of them", async () => {
  const store = studyFolder(join(dir, "s"));
  const { summary, results } = await runStudy(study(), { store });
  expect([...results.keys()]).toEqual(["rate-0", "rate-1", "rate-2"]);
  expect(summary.tables![0]!.rows).toEqual(["rate-0", "rate-1", "rate-2"].map((id) => [id, "none"]));
  expect((await readdir(join(dir, "s"))).toSorted()).toEqual([
    "cells",
    "study.json",
    "summary.json",
    "times.json",
  ]);
  const config = JSON.parse(await readFile(join(dir, "s/cells/rate-1/config.json"), "utf8")) as object;
  expect(config).toMatchObject({ experiment: "quadratic", seed: 0, steps: 8, status: "done" });
  // The theta of a cell is the one that its run ends in.
  const theta = await results.get("rate-1")!.theta();
  expect(squaredDistance(theta)).toBe(results.get("rate-1")!.evaluation!.metrics["final"]);
});

test.each([1, 8, 9, 20])(
  "stopped after %d steps and gone on with, it has the same summary, and no cell that was done runs again",
  { tags: ["long"] },
  async (count) => {
    const whole = await runStudy(study());
    const store = studyFolder(join(dir, "s"));
    const first = stopAfter(count);
    const stopped = await runStudy(study(), { store, ...first.hooks, checkpointEvery: { steps: 3 } });
    expect(stopped.interrupted).toBe(true);
    const second = stopAfter(Infinity);
    const resumed = await resumeStudy(study(), studyFolder(join(dir, "s")), second.hooks);
    expect(kept(resumed.summary)).toEqual(kept(whole.summary));
    expect(second.started).not.toContain([...stopped.results.keys()][0] ?? "none");
    expect(second.started.length + stopped.results.size).toBe(3);
    // All done: summarised again, and nothing run.
    const third = stopAfter(Infinity);
    const again = await resumeStudy(study(), studyFolder(join(dir, "s")), third.hooks);
    expect(third.started).toEqual([]);
    expect(kept(again.summary)).toEqual(kept(whole.summary));
  },
);

test("a cell whose loss is no number is a result, the others go on, and it is not run again", async () => {
  const [one, two] = defaultCells(0) as [Cell, Cell, Cell];
  const cells = [{ ...one, config: { steps: 8, failAt: 3 } }, two];
  const store = memoryStudyStore();
  const ends: StudyEvent[] = [];
  const onEvent = (event: StudyEvent) => event.type === "cell-end" && ends.push(event);
  const { summary } = await runStudy(study(cells), { store, onEvent });
  expect(summary.tables![0]!.rows).toEqual([
    ["rate-0", "NON_FINITE"],
    ["rate-1", "none"],
  ]);
  expect(ends).toMatchObject([{ status: "failed", error: { code: "NON_FINITE" } }, { status: "done" }]);
  const again = stopAfter(Infinity);
  await resumeStudy(study(cells), store, again.hooks);
  expect(again.started).toEqual([]);
});

describe("a cell after others", () => {
  const cells = (): Cell[] => [
    ...defaultCells(0),
    {
      id: "longer",
      after: ["rate-1"],
      seed: 1,
      async experiment(results) {
        const theta = await results.get("rate-1")!.theta();
        return {
          ...base,
          name: "longer",
          async setup(config, key) {
            const setup = await base.setup(config, key);
            return { ...setup, theta: tree.map((x, y) => x.mul(0).add(y), setup.theta, theta) };
          },
        };
      },
    },
  ];

  test("begins with their results, also when it is gone on with", async () => {
    const whole = await runStudy(study(cells()));
    const theta = await whole.results.get("rate-1")!.theta();
    const [first] = whole.results.get("longer")!.metrics;
    expect(first!.loss).toBeCloseTo(squaredDistance(theta) / 2, 5);
    const store = memoryStudyStore();
    await runStudy(study(cells()), { store, ...stopAfter(26).hooks });
    const resumed = await resumeStudy(study(cells()), store);
    expect(kept(resumed.summary)).toEqual(kept(whole.summary));
  });

  test("waits for them where only some cells are run", async () => {
    const { results } = await runStudy(study(cells()), { only: ["longer", "rate-0"] });
    expect([...results.keys()]).toEqual(["rate-0"]);
  });
});

describe("a cell after one that failed", () => {
  const failing = (): Cell[] => {
    const [one, two, three] = defaultCells(0) as [Cell, Cell, Cell];
    return [
      { ...one, config: { steps: 8, failAt: 3 } },
      two,
      { ...three, after: ["rate-1", "rate-0"] },
      { ...three, id: "last", after: ["rate-2"] },
    ];
  };
  const blocked = [
    { id: "rate-2", failed: ["rate-0"] },
    { id: "last", failed: ["rate-0"] },
  ];

  test("never runs, which is told and kept, and the rest is summarised", async () => {
    const store = studyFolder(join(dir, "s"));
    const events: StudyEvent[] = [];
    const result = await runStudy(study(failing()), { store, onEvent: (event) => events.push(event) });
    expect([...result.results.keys()]).toEqual(["rate-0", "rate-1"]);
    expect(result.blocked).toEqual(blocked);
    expect(events.at(-1)).toMatchObject({ type: "study-end", ended: 2, cells: 4, blocked });
    expect((await store.readSummary())!.blocked).toEqual(blocked);
    // What is told of the failure names a command that makes it again.
    expect(result.results.get("rate-0")!.failure!.message).toContain(`unspool resume ${dir}/s --cell rate-0`);
    const again = await resumeStudy(study(failing()), store);
    expect([again.blocked, kept(again.summary)]).toEqual([blocked, kept(result.summary)]);
  });

  test("is not told of where the study was stopped before anything failed", async () => {
    const stopped = await runStudy(study(failing()), stopAfter(1).hooks);
    expect([stopped.interrupted, stopped.blocked]).toEqual([true, []]);
  });

  test("runs once the failed one, begun again by its id, does not fail any more", async () => {
    const store = memoryStudyStore();
    await runStudy(study(failing()), { store });
    const replay = stopAfter(Infinity);
    const same = await resumeStudy(study(failing()), store, { only: ["rate-0"], ...replay.hooks });
    expect([replay.started, same.blocked]).toEqual([["rate-0"], blocked]);
    // The error was in the experiment: it counts calls no more.
    const setup: Experiment["setup"] = (config, key) =>
      base.setup({ ...(config as QuadraticConfig), failAt: -1 }, key);
    const mended = failing().map((cell) => ({ ...cell, experiment: { ...base, setup } }));
    await resumeStudy(study(mended), store, { only: ["rate-0"] });
    const whole = await resumeStudy(study(mended), store);
    expect([whole.blocked, [...whole.results.values()].filter(({ failure }) => failure)]).toEqual([[], []]);
    expect(whole.results.size).toBe(4);
  });
});

test("a cell that the study has not is refused, with the nearest that it has", async () => {
  const store = memoryStudyStore();
  await expect(runStudy(study(), { store, only: ["rate-9"] })).rejects.toThrow(
    "rates: the id of a cell must be one of",
  );
  // Nothing was begun.
  expect(await store.readManifest()).toBeUndefined();
});

test("several cells at once, elsewhere: the same summary", async () => {
  const whole = await runStudy(study());
  const store = memoryStudyStore();
  let [now, most] = [0, 0];
  const all = defaultCells(0);
  const { summary } = await runStudy(study(), {
    store,
    jobs: 2,
    async runElsewhere(id, hooks) {
      most = Math.max(most, ++now);
      const end = await runCell(
        all.find((cell) => cell.id === id)!,
        new Map(),
        store.cell(id),
        hooks,
      );
      now--;
      return end;
    },
  });
  expect(most).toBe(2);
  expect(kept(summary)).toEqual(kept(whole.summary));
});

test("a cell that another process holds is left to it", async () => {
  const store = memoryStudyStore();
  await runStudy(study(), { store, ...stopAfter(1).hooks });
  await store.cell("rate-0").hold(() => {});
  const ends: StudyEvent[] = [];
  const onEvent = (event: StudyEvent) => event.type === "cell-end" && ends.push(event);
  const { results } = await resumeStudy(study(), store, { onEvent });
  expect(ends.map((event) => (event as { status: string }).status)).toEqual(["elsewhere", "done", "done"]);
  expect([...results.keys()]).toEqual(["rate-1", "rate-2"]);
});

test("a cell whose code throws does not keep the others from running, and begins again once it is mended", async () => {
  const [one, two, three] = defaultCells(0) as [Cell, Cell, Cell];
  let isBroken = true;
  const breaking: Experiment = {
    ...base,
    setup(config, key) {
      if (isBroken) throw new TypeError("oh");
      return base.setup(config, key);
    },
  };
  const cells = [{ ...one, experiment: breaking }, two, { ...three, after: [one.id] }];
  const store = memoryStudyStore();
  const ends: string[] = [];
  const onEvent = (event: StudyEvent) =>
    event.type === "cell-end" && ends.push(`${event.id} ${event.status}`);
  const run = runStudy(study(cells), { store, onEvent });
  await expect(run).rejects.toThrow(CellError);
  await expect(run).rejects.toThrow(
    /cell "rate-0": its code threw\. The other cells have run .*: its setup threw TypeError: oh\. Once it is mended, unspool resume memory begins it again\.$/,
  );
  expect(ends).toEqual(["rate-0 failed", "rate-1 done"]);
  expect((await store.readSummary())?.cells).toEqual(["rate-1"]);
  isBroken = false;
  const { results } = await resumeStudy(study(cells), store, { onEvent });
  expect([...results.keys()]).toEqual(["rate-0", "rate-1", "rate-2"]);
  expect(ends.slice(2)).toEqual(["rate-0 done", "rate-2 done"]);
});

test.each([
  ["no cells", []],
  ["an id twice", [...defaultCells(0), ...defaultCells(0)]],
  ["an id that leaves the folder", [{ ...defaultCells(0)[0]!, id: "../x" }]],
  ["an id of dots", [{ ...defaultCells(0)[0]!, id: ".." }]],
  ["no experiment", [{ id: "a", seed: 0 } as never]],
  ["a later cell in after", [{ ...defaultCells(0)[0]!, after: ["rate-1"] }, defaultCells(0)[1]!]],
])("%s is refused", async (_, cells) => {
  await expect(runStudy(study(cells))).rejects.toThrow(OptionError);
});

test("another study, and one with other cells, is not resumed", async () => {
  const store = memoryStudyStore();
  await runStudy(study(), { store });
  await expect(resumeStudy({ ...study(), name: "other" }, store)).rejects.toThrow(ResumeError);
  await expect(resumeStudy(study(defaultCells(0).slice(1)), store)).rejects.toThrow("its cells are");
  await expect(resumeStudy(study(), memoryStudyStore())).rejects.toThrow("there is no study in memory");
});
