import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { np } from "../../array/index.ts";
import { OptionError, ResumeError } from "../../errors.ts";
import type { TrainEvent } from "../events.ts";
import type { Experiment } from "../experiment.ts";
import { resume } from "../resume.ts";
import { StoreError } from "../store.ts";
import {
  bits,
  momentum,
  noisyQuadratic,
  type QuadraticConfig,
  quadratic,
  withoutTimes,
} from "../testExperiment.ts";
import { train } from "../train.ts";
import { folderStore } from "./folderStore.ts";
import { makePath } from "./makeFolder.ts";
import type { Open } from "./writeAtomically.ts";

const seed = 8;
const steps = 6;
const every2 = { checkpointEvery: { steps: 2 } } as const;

/** Every other moment here, all of them by `npm run test:robustness`, which kills the command at each operation too. */
const stride = process.env["UNSPOOL_LONG_TESTS"] ? 1 : 2;

let root: string;
let dir: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "unspool-"));
  dir = join(root, "run");
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const stringOf = (part: string) => expect.stringContaining(part) as string;
const inRun = (...path: string[]) => join(dir, ...path);
const readJson = (path: string): unknown => JSON.parse(fs.readFileSync(path, "utf8"));
const failureOf = async (run: Promise<unknown>): Promise<StoreError> => {
  const error: unknown = await run.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
};

describe("the folder of a run", () => {
  test("is config, metrics, the last two checkpoints, evaluation and figures", async () => {
    const result = await train(quadratic, { seed, steps, store: folderStore(dir), ...every2 });
    const names = fs.readdirSync(dir).toSorted();
    expect(names).toEqual(["checkpoints", "config.json", "evaluation.json", "figures.json", "metrics.jsonl"]);
    expect(fs.readdirSync(inRun("checkpoints"))).toEqual(["00000004.safetensors", "00000006.safetensors"]);
    expect(readJson(inRun("evaluation.json"))).toEqual(result.evaluation);
    expect(readJson(inRun("figures.json"))).toEqual(result.figures);
    const lines = fs.readFileSync(inRun("metrics.jsonl"), "utf8").trimEnd().split("\n");
    const crc = expect.stringMatching(/^[0-9a-f]{8}$/) as string;
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      result.metrics.map((record) => ({ ...record, crc })),
    );
  });

  test("says what made the run", async () => {
    await train(quadratic, { seed, steps, store: folderStore(dir) });
    const config = readJson(inRun("config.json")) as {
      environment: Record<string, string>;
      startedAt: string;
    };
    expect(config).toMatchObject({
      experiment: "quadratic",
      seed,
      steps,
      status: "done",
      config: { rate: 0.1 },
    });
    expect(new Date(config.startedAt).toISOString()).toBe(config.startedAt);
    const { unspool, node, "jax-js": jax, platform } = config.environment;
    expect([unspool, jax]).toEqual([
      expect.stringMatching(/^\d+\.\d+\.\d+/),
      expect.stringMatching(/^\d+\.\d+/),
    ]);
    expect([node, platform]).toEqual([process.version, expect.stringContaining(process.platform)]);
    // A number that JSON does not have comes back all the same.
    expect((await folderStore(dir).readManifest())?.config).toMatchObject({ clip: Infinity });
  });

  test("keeps as many checkpoints as it is told", async () => {
    const store = folderStore(dir, { keepCheckpoints: 3 });
    await train(quadratic, { seed, steps, store, checkpointEvery: { steps: 1 } });
    expect(await store.listCheckpoints()).toEqual([6, 5, 4]);
    expect(() => folderStore(dir, { keepCheckpoints: 0 })).toThrow(OptionError);
  });

  test("is not overwritten by another run", async () => {
    await train(quadratic, { seed, steps: 2, store: folderStore(dir) });
    const before = fs.readFileSync(inRun("metrics.jsonl"), "utf8");
    const error = await failureOf(train(quadratic, { seed, store: folderStore(dir) }));
    expect(error.details["reason"]).toBe("exists");
    expect(error.message).toContain(dir);
    expect(error.message).toMatch(/resume.*--out/);
    expect(fs.readFileSync(inRun("metrics.jsonl"), "utf8")).toBe(before);
  });

  test("may be there already, with other things in it", async () => {
    fs.mkdirSync(dir);
    fs.writeFileSync(inRun("notes.txt"), "mine");
    await train(quadratic, { seed, steps: 1, store: folderStore(dir) });
    expect(fs.readFileSync(inRun("notes.txt"), "utf8")).toBe("mine");
  });

  test("that holds no run reads as none", async () => {
    const store = folderStore(dir);
    expect(await store.readManifest()).toBeUndefined();
    expect(await store.readMetrics()).toEqual([]);
    expect(await store.listCheckpoints()).toEqual([]);
    expect(await store.readArtifact("figures")).toBeUndefined();
    await expect(resume(quadratic, store)).rejects.toThrow(ResumeError);
  });

  test.each(["no json", "[]", "null", '{"experiment":1}'])(
    "with %s as config is a StoreError",
    async (text) => {
      fs.mkdirSync(dir);
      fs.writeFileSync(inRun("config.json"), text);
      expect((await failureOf(folderStore(dir).readManifest())).message).toContain("config.json");
    },
  );
});

describe("metrics.jsonl", () => {
  test("is read without its torn last line, and resumed cleanly", async () => {
    const whole = await train(quadratic, { seed, steps });
    const store = folderStore(dir);
    await train(quadratic, { seed, steps: 4, store });
    fs.appendFileSync(inRun("metrics.jsonl"), '{"step":5,"loss":0.1');
    expect((await store.readMetrics()).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    fs.writeFileSync(inRun("evaluation.json"), '{"metrics":{"stale":1}}');
    const resumed = await resume(quadratic, store, { steps });
    expect(await store.readArtifact("evaluation")).toEqual(resumed.evaluation);
    expect(withoutTimes(resumed.metrics)).toEqual(withoutTimes(whole.metrics));
    expect(withoutTimes(await store.readMetrics())).toEqual(withoutTimes(whole.metrics));
  });

  test("with a damaged line in the middle is a StoreError that names the line", async () => {
    const store = folderStore(dir);
    await train(quadratic, { seed, steps: 2, store });
    fs.appendFileSync(inRun("metrics.jsonl"), "rubbish\n{}\n");
    expect((await failureOf(store.readMetrics())).message).toContain("line 3 is not a record");
  });
});

describe("a run on disk", () => {
  test(
    "that is resumed at every step has the bits of one that was never stopped",
    { tags: ["long"] },
    async () => {
      const whole = await train(quadratic, { seed, steps });
      for (let k = 0; k <= steps; k++) {
        const store = folderStore(join(root, `stopped-${k}`));
        await train(quadratic, { seed, steps: k, store, checkpointEvery: { steps: 4 } });
        const resumed = await resume(quadratic, store, { steps });
        expect(bits(resumed.state)).toEqual(bits(whole.state));
        expect(withoutTimes(resumed.metrics)).toEqual(withoutTimes(whole.metrics));
        expect(withoutTimes(await store.readMetrics())).toEqual(withoutTimes(whole.metrics));
      }
    },
  );

  // What a process that is killed leaves behind is the folder as it was at that moment.
  test("that dies at any moment is resumed to the same bits", { tags: ["long"] }, async () => {
    const whole = await train(quadratic, { seed, steps });
    const moments = await foldersDuring(() =>
      train(quadratic, { seed, steps, store: folderStore(dir), ...every2 }),
    );
    expect(moments.length).toBeGreaterThan(10);
    for (const moment of moments.filter((_, i) => i % stride === 0)) {
      const warnings: TrainEvent[] = [];
      const onEvent = (event: TrainEvent) => event.type === "warning" && warnings.push(event);
      const resumed = await resume(quadratic, folderStore(moment), { onEvent });
      for (const warning of warnings)
        expect(warning).toMatchObject({ message: stringOf("its lock was taken") });
      expect(bits(resumed.state)).toEqual(bits(whole.state));
      expect(withoutTimes(resumed.metrics)).toEqual(withoutTimes(whole.metrics));
      expect(fs.readdirSync(join(moment, "checkpoints")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }
  });

  test("whose newest checkpoint is damaged goes on from the one before, and sets the damaged one aside", async () => {
    const whole = await train(quadratic, { seed, steps });
    const store = folderStore(dir);
    await train(quadratic, { seed, steps: 4, store, ...every2 });
    const path = inRun("checkpoints", "00000004.safetensors");
    fs.truncateSync(path, 1000);
    const messages: string[] = [];
    const onEvent = (event: TrainEvent) => event.type === "warning" && messages.push(event.message);
    const resumed = await resume(quadratic, store, { steps, onEvent });
    expect(bits(resumed.state)).toEqual(bits(whole.state));
    expect(withoutTimes(await store.readMetrics())).toEqual(withoutTimes(whole.metrics));
    expect(messages.join()).toContain(path);
    expect(messages.join()).toContain("truncated");
    expect(fs.existsSync(`${path}.damaged`)).toBe(true);
  });

  /** Names and bytes of all files. */
  const contents = (folder: string): string =>
    fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => `${name}\n${fs.readFileSync(join(parentPath, name), "latin1")}`)
      .join("\n");

  /** Copies of the folder at many moments of a run, each of which differs from the one before, also while a file is being written. */
  async function foldersDuring(run: () => Promise<unknown>): Promise<string[]> {
    const copies: string[] = [];
    let isOver = false;
    const copy = () => {
      if (isOver) return;
      const target = join(root, `moment-${copies.length}`);
      try {
        fs.cpSync(dir, target, { recursive: true });
        if (fs.existsSync(join(target, "config.json"))) copies.push(target);
      } catch {
        // The folder is not there yet, or a file was renamed in between: not a moment that a kill could leave.
        fs.rmSync(target, { recursive: true, force: true });
      }
      setImmediate(copy);
    };
    copy();
    await run();
    isOver = true;
    const distinct = copies.filter((copy, i) => i === 0 || contents(copy) !== contents(copies[i - 1]!));
    return distinct.filter((_, i) => i % Math.ceil(distinct.length / 40) === 0);
  }
});

/** An experiment whose checkpoints take 36 kB. */
const large: Experiment<QuadraticConfig> = {
  ...quadratic,
  setup: (config) => ({
    theta: { layers: [], scale: np.zeros([3000]) },
    estimator: noisyQuadratic(config),
    optimizer: momentum(config.rate),
    steps: 4,
  }),
};

/** Opens files of which the second and later ones take half of what is written, and then the disk is full. */
function fullAfterFirst(): Open {
  let opened = 0;
  return async (path, flags) => {
    const file = await openFile(path, flags);
    opened += 1;
    if (opened === 1) return file;
    return {
      async writeFile(data) {
        await file.writeFile(data.slice(0, data.length >> 1));
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  };
}

/** Mounts a disk of 64 kB at `path`; false where that is not allowed. */
function mountSmallDisk(path: string): boolean {
  fs.mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a checkpoint that cannot be written", () => {
  test.each(["a store whose writes fail midway", "a small disk, where one can be mounted"])(
    "because the disk is full is a StoreError, and the one before survives: %s",
    async (kind) => {
      const isMounted = kind.startsWith("a small") && mountSmallDisk(dir);
      try {
        const store = folderStore(dir, isMounted ? {} : { open: fullAfterFirst() });
        const error = await failureOf(train(large, { seed, store, ...every2 }));
        expect(error.details).toMatchObject({ reason: "write", systemCode: "ENOSPC" });
        expect(error.message).toContain("00000002.safetensors");
        expect(error.message).toContain("Free some space, then resume the run.");
        expect(fs.readdirSync(inRun("checkpoints"))).toEqual(["00000000.safetensors"]);
        expect(await store.readManifest()).toMatchObject({ status: "failed", error: { code: "STORE" } });
        expect(await store.readMetrics()).toHaveLength(2);
        if (isMounted) execFileSync("mount", ["-o", "remount,size=1m", dir]);
        const resumed = await resume(large, folderStore(dir));
        expect(bits(resumed.state)).toEqual(bits((await train(large, { seed })).state));
        expect(await store.readManifest()).toMatchObject({ status: "done" });
        expect((await store.readManifest())?.error).toBeUndefined();
      } finally {
        if (isMounted) execFileSync("umount", ["-l", dir]);
      }
    },
  );

  test("because the folder cannot be written is a StoreError", async () => {
    const store = folderStore(dir);
    const onEvent = (event: TrainEvent) => {
      if (event.type !== "step") return;
      fs.renameSync(inRun("checkpoints"), inRun("moved"));
      fs.writeFileSync(inRun("checkpoints"), "a file where a folder was");
    };
    const error = await failureOf(train(quadratic, { seed, steps: 1, store, onEvent }));
    expect(error.details).toMatchObject({ reason: "write", systemCode: "ENOTDIR" });
    expect(fs.readdirSync(inRun("moved"))).toEqual(["00000000.safetensors"]);
  });

  test("because the place for the run is a file is a StoreError", async () => {
    fs.writeFileSync(dir, "");
    expect((await failureOf(train(quadratic, { store: folderStore(dir) }))).message).toContain(dir);
  });
});

test.runIf(fs.existsSync("/proc/self"))("a folder where none can be made is refused, at once", async () => {
  // Node's recursive mkdir goes round for ever there.
  await expect(makePath("/proc/unspool/runs")).rejects.toThrow("ENOENT");
  await expect(makePath("/proc/unspool")).rejects.toThrow("ENOENT");
});
