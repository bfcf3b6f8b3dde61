/** Files of a run that were edited, removed, or somebody else's: said, and never overwritten silently. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TrainEvent } from "../events.ts";
import type { Experiment } from "../experiment.ts";
import { resume } from "../resume.ts";
import { StoreError } from "../store.ts";
import { type QuadraticConfig, quadratic, quadraticSetup } from "../testExperiment.ts";
import { train } from "../train.ts";
import { folderStore } from "./folderStore.ts";

let root: string;
let dir: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "unspool-files-"));
  dir = join(root, "run");
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));
const inRun = (name: string) => join(dir, name);

/** Does something to the folder after the first step, once its line is on disk. */
function afterFirstStep(what: () => void) {
  let isDone = false;
  return {
    checkpointEvery: { steps: 1 },
    onEvent: (event: TrainEvent) => {
      if (event.type !== "checkpoint" || event.step !== 1 || isDone) return;
      isDone = true;
      what();
    },
  };
}

describe("metrics.jsonl", () => {
  test("with an edited number is refused by its crc, with the line", async () => {
    const store = folderStore(dir);
    await train(quadratic, { steps: 3, store });
    const text = fs.readFileSync(inRun("metrics.jsonl"), "utf8");
    fs.writeFileSync(inRun("metrics.jsonl"), text.replace('"step":2,"loss":', '"step":2,"loss":1'));
    await expect(store.readMetrics()).rejects.toThrow(
      "line 2 is not a record of an outer step (it does not match its crc)",
    );
  });

  test("of an older version, without crc, is read and resumed", async () => {
    const store = folderStore(dir);
    await train(quadratic, { steps: 2, store });
    const text = fs.readFileSync(inRun("metrics.jsonl"), "utf8");
    fs.writeFileSync(inRun("metrics.jsonl"), text.replaceAll(/,"crc":"[0-9a-f]{8}"/g, ""));
    expect((await resume(quadratic, store, { steps: 4 })).metrics).toHaveLength(4);
    expect(await store.readMetrics()).toHaveLength(4);
  });

  test.each(["NaN", "null", '"10"', "1e308", "0", "1.5", "-1"])(
    "with the step %s is refused",
    async (step) => {
      fs.mkdirSync(dir);
      fs.writeFileSync(inRun("metrics.jsonl"), `{"step":${step},"loss":1}\n`);
      await expect(folderStore(dir).readMetrics()).rejects.toThrow(StoreError);
    },
  );
});

test.each(['"10"', "1e308", "-1", "null", "1.5"])(
  "config.json with steps %s is a StoreError that names it",
  async (steps) => {
    const store = folderStore(dir);
    await train(quadratic, { steps: 1, store });
    const text = fs.readFileSync(inRun("config.json"), "utf8");
    fs.writeFileSync(inRun("config.json"), text.replace(/^ {2}"steps": 1/m, `  "steps": ${steps}`));
    await expect(resume(quadratic, store)).rejects.toThrow("steps must be an integer of at least 0");
  },
);

describe("a file that is gone or changed while the run goes on ends the run, and says which", () => {
  test.each([
    ["metrics.jsonl", "metrics.jsonl: it was removed while the run went on"],
    ["config.json", "config.json: it was removed while the run went on"],
    ["run.lock", "run.lock) was removed while the run went on"],
  ])("%s", async (name, message) => {
    const hooks = afterFirstStep(() => fs.rmSync(inRun(name)));
    await expect(train(quadratic, { steps: 3, store: folderStore(dir), ...hooks })).rejects.toThrow(message);
  });

  test("lines of another writer", async () => {
    const hooks = afterFirstStep(() => fs.appendFileSync(inRun("metrics.jsonl"), '{"step":2,"loss":0}\n'));
    const run = train(quadratic, { steps: 3, store: folderStore(dir), ...hooks });
    await expect(run).rejects.toThrow("something else has changed it");
  });
});

test.each(["evaluation.json", "figures.json", "report.html", "metrics.jsonl"])(
  "a folder with somebody's %s is not taken for a run, and the file stays",
  async (name) => {
    fs.mkdirSync(dir);
    fs.writeFileSync(inRun(name), "mine");
    await expect(train(quadratic, { steps: 1, store: folderStore(dir) })).rejects.toThrow(name);
    expect(fs.readdirSync(dir)).toEqual([name]);
    expect(fs.readFileSync(inRun(name), "utf8")).toBe("mine");
  },
);

test("a start that fails leaves no folder, and none that was made for it", async () => {
  const broken: Experiment<QuadraticConfig> = {
    ...quadratic,
    setup(config) {
      const setup = quadraticSetup(config);
      const estimate = () => {
        throw new TypeError("the user's mistake");
      };
      return { ...setup, estimator: { ...setup.estimator, estimate } };
    },
  };
  const store = folderStore(join(root, "new", "run"));
  await expect(train(broken, { store })).rejects.toThrow("the user's mistake");
  expect(fs.readdirSync(root)).toEqual([]);
});

test("many that begin at once under one name have a folder each", async () => {
  const stores = Array.from({ length: 18 }, () => folderStore(dir, { isNumbered: true }));
  await Promise.all(stores.map((store, seed) => train(quadratic, { steps: 1, seed, store })));
  expect(new Set(stores.map(({ name }) => name)).size).toBe(18);
  const seeds = await Promise.all(stores.map(async (store) => (await store.readManifest())!.seed));
  expect(seeds).toEqual(stores.map((_, seed) => seed));
});

test("one of two that write one folder at once is refused", async () => {
  const runs = [0, 1].map((seed) => train(quadratic, { steps: 3, seed, store: folderStore(dir) }));
  const ended = await Promise.allSettled(runs);
  expect(ended.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(await folderStore(dir).readMetrics()).toHaveLength(3);
});

test("of several that want a run at once, one whose unfinished lock is cleared away is told who holds it", async () => {
  await train(quadratic, { steps: 1, store: folderStore(dir) });
  const [first, second] = [folderStore(dir), folderStore(dir)];
  const { link } = fs.promises;
  // The first takes the run, and clears it, between the second's writing of its lock and the linking of it.
  fs.promises.link = async (from, to) => {
    fs.promises.link = link;
    syncBuiltinESMExports();
    await first.hold(() => {});
    await link(from, to);
  };
  syncBuiltinESMExports();
  await expect(second.hold(() => {})).rejects.toMatchObject({ details: { reason: "busy" } });
  await first.release();
  await second.hold(() => {});
  await second.release();
});
