/** Runs that stop on their way, and studies that grow by what they found: the same bits as runs that never stopped. */
import { expect, test } from "vitest";
import { memoryStore } from "../memoryStore.ts";
import { resume } from "../resume.ts";
import type { RunStore } from "../store.ts";
import {
  type QuadraticConfig,
  bits,
  momentum,
  quadratic,
  quadraticSetup,
  withoutTimes,
} from "../testExperiment.ts";
import { train } from "../train.ts";
import { growStudy, resumeStudy, runStudy } from "./runStudy.ts";
import type { Study } from "./study.ts";
import type { StudyEvent } from "./studyEvents.ts";
import { memoryStudyStore } from "./studyStore.ts";

/** Its learning rate follows from its config's steps, as that of a schedule does. */
const scheduled = {
  ...quadratic,
  name: "scheduled",
  setup: (config: QuadraticConfig) => ({
    ...quadraticSetup(config),
    optimizer: momentum(config.rate / config.steps),
  }),
};

const keptIn = async (store: RunStore): Promise<unknown> => {
  const { status, steps, until, error, config } = (await store.readManifest())!;
  const metrics = withoutTimes(await store.readMetrics());
  return { status, steps, until, error, config, metrics, evaluation: await store.readArtifact("evaluation") };
};

test("a run that stops at 2 and 5 of 8 steps is evaluated there, and comes to the bits of one that never stopped", async () => {
  const [whole, stopped] = [memoryStore(), memoryStore()];
  const { state } = await train(scheduled, { steps: 8, seed: 3, store: whole });
  const first = await train(scheduled, { steps: 8, seed: 3, store: stopped, until: 2 });
  expect([first.step, first.steps, first.interrupted]).toEqual([2, 8, false]);
  expect(first.evaluation!.metrics["final"]).toBeGreaterThan(0);
  expect(await stopped.readManifest()).toMatchObject({
    status: "interrupted",
    until: 2,
    steps: 8,
    config: { steps: 8 },
  });
  await resume(scheduled, stopped, { until: 5 });
  expect(await stopped.readMetrics()).toHaveLength(5);
  const last = await resume(scheduled, stopped);
  expect(bits(last.state)).toEqual(bits(state));
  expect(await keptIn(stopped)).toEqual(await keptIn(whole));
  await expect(train(scheduled, { until: 0 })).rejects.toThrow("until must be an integer of at least 1");
});

/** Of three rates the best goes on, of two seeds each. */
const halved: Study<{ kept: number }> = {
  name: "halved",
  summary: "",
  config: { parse: (given) => ({ kept: -1, ...(given as object) }) },
  cells: ({ kept }) =>
    [0.01, 0.02, 0.03].map((rate, i) => ({
      ...{ id: `rate-${i}`, experiment: scheduled, config: { rate }, seed: 0, steps: 8 },
      ...(i !== kept && { until: 3 }),
    })),
  grow(results, { kept }) {
    if (kept >= 0) return undefined;
    const losses = [...results.values()].map(({ metrics }) => metrics.at(-1)!.loss);
    const best = losses.indexOf(Math.min(...losses));
    return { config: { kept: best }, note: `${best} goes on` };
  },
  summarise: (results) => ({
    metrics: Object.fromEntries([...results.values()].map(({ id, metrics }) => [id, metrics.length])),
  }),
};

test("a study whose best cell goes on: it was stopped with the others, and has the bits of a run by itself", async () => {
  const store = memoryStudyStore();
  const events: StudyEvent[] = [];
  const { summary } = await runStudy(halved, { store, onEvent: (event) => events.push(event) });
  expect(summary.metrics).toEqual({ "rate-0": 3, "rate-1": 3, "rate-2": 8 });
  expect(events.filter(({ type }) => type === "study-grow")).toEqual([
    {
      ...{ type: "study-grow", note: "2 goes on" },
      cells: ["done", "done", "open"].map((status, i) => ({ id: `rate-${i}`, status })),
    },
  ]);
  expect((await store.readManifest())!.config).toEqual({ kept: 2 });
  const alone = memoryStore();
  await train(scheduled, { config: { rate: 0.03 }, steps: 8, store: alone });
  expect(await keptIn(store.cell("rate-2"))).toEqual(await keptIn(alone));
});

test("stopped in the cell that goes on, it is gone on with by what was decided, and not asked again", async () => {
  const store = memoryStudyStore();
  const controller = new AbortController();
  const onEvent = (event: StudyEvent): void => {
    if (event.type === "cell" && event.event.type === "step" && event.event.record.step === 5)
      controller.abort();
  };
  const { results } = await runStudy(halved, { store, signal: controller.signal, onEvent });
  expect([...results.keys()]).toEqual(["rate-0", "rate-1"]);
  const asked = { count: 0 };
  const counted: typeof halved = { ...halved, grow: (...given) => (asked.count++, halved.grow!(...given)) };
  const { summary } = await resumeStudy(counted, store);
  expect(summary.metrics).toEqual({ "rate-0": 3, "rate-1": 3, "rate-2": 8 });
  // Once, to hear that nothing more is to come.
  expect(asked.count).toBe(1);
});

test("a study does not grow by a part of its cells, and one that grows for ever or loses a cell is refused", async () => {
  const only = await runStudy(halved, { only: ["rate-0"] });
  expect(only.summary.metrics).toEqual({ "rate-0": 3 });
  const endless: typeof halved = { ...halved, grow: (_, config) => ({ config, note: "" }) };
  await expect(runStudy(endless)).rejects.toThrow("its grow returned the config that it was given");
  const losing: typeof halved = {
    ...halved,
    cells: (config, seed) => halved.cells(config, seed).slice(config.kept >= 0 ? 1 : 0),
  };
  const store = memoryStudyStore();
  await expect(runStudy(losing, { store })).rejects.toThrow('its cell "rate-0" is not there any more');
  // What was computed is kept and summarised, and goes on once that is mended.
  expect((await store.readSummary())!.summary.metrics).toEqual({ "rate-0": 3, "rate-1": 3, "rate-2": 3 });
  const { summary } = await growStudy(halved, store, { config: {} });
  expect(summary.metrics).toEqual({ "rate-0": 3, "rate-1": 3, "rate-2": 8 });
});

test("a part of a study reads and summarises nothing but its cells", async () => {
  const store = memoryStudyStore();
  const read = new Set<string>();
  const watched = { ...store, cell: (id: string) => (read.add(id), store.cell(id)) };
  await runStudy(halved, { store, only: ["rate-0"] });
  const { results, summary } = await resumeStudy(halved, watched, { only: ["rate-1"], isPart: true });
  expect([[...results.keys()], summary, [...read]]).toEqual([["rate-1"], {}, ["rate-1"]]);
  expect((await store.readSummary())!.summary.metrics).toEqual({ "rate-0": 3 });
});

test("what another process has decided meanwhile holds", async () => {
  const store = memoryStudyStore();
  const onEvent = (event: StudyEvent): void => {
    if (event.type !== "cell-end" || event.id !== "rate-2") return;
    void store.grow({ config: { kept: 0 }, cells: ["rate-0", "rate-1", "rate-2"] });
  };
  const { summary } = await runStudy(halved, { store, onEvent });
  expect(summary.metrics).toEqual({ "rate-0": 8, "rate-1": 3, "rate-2": 3 });
});

test("a folder whose config lacks what has a default is gone on with", async () => {
  const store = memoryStudyStore();
  const cells = halved.cells({ kept: -1 }, 0).map(({ id }) => id);
  await store.create({
    ...{ format: "unspool-study-1", study: "halved", config: {}, seed: 0, cells },
    startedAt: "2026-01-01T00:00:00.000Z",
  });
  const { summary } = await resumeStudy(halved, store);
  expect(summary.metrics).toEqual({ "rate-0": 3, "rate-1": 3, "rate-2": 8 });
});
