/** A sweep that grows, ended before operations on its files: it goes on to the runs and the summary of one that was not. */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Tensor, np, sgd } from "unspool";
import {
  type Experiment,
  type SweepPlan,
  beginSearch,
  checkedPlan,
  defineExperiment,
  halving,
  resumeStudy,
  runStudy,
  sweepStudy,
} from "unspool/train";
import { studyFolder } from "unspool/train/node";
import { watchFiles } from "./plainRun.ts";

let root: string;
beforeAll(() => void (root = fs.mkdtempSync(join(tmpdir(), "unspool-grow-"))));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const optimizer = sgd({ learningRate: 0.1 });
const experiment = defineExperiment<{ scale: number }, { weights: Tensor }>({
  name: "scaled",
  summary: "Nothing but files: its loss is the scale over the steps.",
  config: { parse: (given) => ({ scale: 1, ...(given as object) }) },
  setup: ({ scale }) => ({
    theta: { weights: np.array([1, 2, 3]) },
    estimator: {
      name: "scaled",
      init: () => ({ count: 0 }),
      estimate: (theta, { count }: { count: number }) => ({
        ...{ loss: scale / (1 + count), gradient: theta, state: { count: count + 1 } },
        metrics: { innerSteps: 1 },
      }),
    },
    optimizer,
    steps: 3,
  }),
}) as Experiment;
const study = sweepStudy(experiment);
const isThorough = Boolean(process.env["UNSPOOL_LONG_TESTS"]);
const stride = isThorough ? 1 : 3;

const plan: SweepPlan = checkedPlan({
  ...{ experiment: "scaled", fields: ["scale"], seeds: [0], steps: 4 },
  settings: [3, 1, 2].map((scale) => ({ values: [String(scale)], config: { scale } })),
});
const plans: readonly [string, () => Promise<SweepPlan>][] = [
  ["halving", async () => ({ ...plan, halving: halving({ settings: 3, steps: 4, minSteps: 2 }) })],
  [
    "search",
    () =>
      beginSearch(plan, {
        method: "tpe",
        trials: 4,
        batch: 2,
        space: [{ kind: "uniform", low: 0, high: 1 }],
      }),
  ],
];

/** What a kill leaves: locks of a process that is gone. */
function leaveLocks(dir: string): void {
  const cells = join(dir, "cells");
  for (const id of fs.existsSync(cells) ? fs.readdirSync(cells) : []) {
    const path = join(cells, id, "run.lock");
    if (!fs.existsSync(path)) continue;
    const owner = JSON.parse(fs.readFileSync(path, "utf8")) as object;
    fs.writeFileSync(path, `${JSON.stringify({ ...owner, pid: 2 ** 22 + 1 })}\n`);
  }
}

/** The plan, the lines of all runs without their times, and the summary. */
function keptIn(dir: string): unknown {
  const { config } = JSON.parse(fs.readFileSync(join(dir, "study.json"), "utf8")) as { config: unknown };
  const runs = fs.readdirSync(join(dir, "cells")).map((id) => {
    const lines = fs
      .readFileSync(join(dir, "cells", id, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    return [
      id,
      ...lines.map((line) => ({ ...(JSON.parse(line) as { step: number }), durationMs: 0, crc: "" })),
    ];
  });
  return { config, runs, summary: fs.readFileSync(join(dir, "summary.json"), "utf8") };
}

test.each(plans)("%s: before operations on its files, every third or all", async (name, made) => {
  const config = await made();
  const whole = join(root, name);
  await runStudy(study, { config, store: studyFolder(whole) });
  const expected = keptIn(whole);
  let at = 1;
  for (; ; at += stride) {
    const dir = join(root, `${name}-${at}-end`);
    const watch = watchFiles(dir, at);
    const run = runStudy(study, { config, store: studyFolder(dir) });
    const isEnded = await Promise.race([run.then(() => false), watch.stopped.then(() => true)]);
    watch.restore();
    if (!isEnded) break;
    leaveLocks(dir);
    const store = studyFolder(dir);
    const isBegun = (await store.readManifest().catch(() => undefined)) !== undefined;
    if (isBegun) await resumeStudy(study, store);
    else {
      fs.rmSync(dir, { recursive: true, force: true });
      await runStudy(study, { config, store });
    }
    expect({ at, kept: keptIn(dir) }).toEqual({ at, kept: expected });
    fs.rmSync(dir, { recursive: true, force: true });
  }
  expect(at).toBeGreaterThan(50);
});
