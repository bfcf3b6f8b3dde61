/**
 * A run that ends at a file-system operation can be begun again or resumed, to the same bits. Every third operation
 * here, in this process; all of them, by SIGKILL to the command, in `kill.long.test.ts`.
 */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunStore, encodeState, resume, train } from "unspool/train";
import { folderStore } from "unspool/train/node";
import { plain, watchFiles } from "./plainRun.ts";

let root: string;
beforeAll(() => void (root = fs.mkdtempSync(join(tmpdir(), "unspool-kill-"))));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const stride = 3;
const goingOn = { checkpointEvery: { steps: 1 } } as const;
const options = { seed: 5, ...goingOn } as const;

/** What a kill leaves: the lock of a process that is gone. */
function leaveLock(dir: string): void {
  const path = join(dir, "run.lock");
  if (!fs.existsSync(path)) return;
  const owner = JSON.parse(fs.readFileSync(path, "utf8")) as object;
  fs.writeFileSync(path, `${JSON.stringify({ ...owner, pid: 2 ** 22 + 1 })}\n`);
}

async function bitsOf(store: RunStore, state: unknown): Promise<unknown> {
  const { structure, tensors } = encodeState(state);
  const metrics = (await store.readMetrics()).map((record) => ({ ...record, durationMs: 0 }));
  return { structure, data: [...tensors.values()].map(({ data }) => [...data]), metrics };
}

function expectTidy(dir: string): void {
  const names = fs.readdirSync(dir, { recursive: true }).map(String);
  expect(names.filter((name) => name.endsWith(".tmp") || name.includes("run.lock"))).toEqual([]);
}

/** Ends a run before its operation `at`; false if it has none with that number. */
async function endedAt(dir: string, at: number, run: () => Promise<unknown>): Promise<boolean> {
  const watch = watchFiles(dir, at);
  try {
    return await Promise.race([run().then(() => false), watch.stopped.then(() => true)]);
  } finally {
    watch.restore();
    leaveLock(dir);
  }
}

/** Goes on with whatever a kill left: resume where there is a run, else the same start again. */
async function goOn(dir: string): Promise<unknown> {
  const store = folderStore(dir);
  const isRun = (await store.readManifest()) !== undefined;
  const result = isRun ? await resume(plain, store, goingOn) : await train(plain, { ...options, store });
  expectTidy(dir);
  return bitsOf(store, result.state);
}

test("train: before each operation on its files", async () => {
  const whole = folderStore(join(root, "whole"));
  const expected = await bitsOf(whole, (await train(plain, { ...options, store: whole })).state);
  let at = 1;
  for (; ; at += stride) {
    const dir = join(root, `train-${at}-end`);
    const start = () => train(plain, { ...options, store: folderStore(dir) });
    if (!(await endedAt(dir, at, start))) break;
    expect({ at, bits: await goOn(dir) }).toEqual({ at, bits: expected });
    fs.rmSync(dir, { recursive: true, force: true });
  }
  expect(at).toBeGreaterThan(50);
});

test("resume: before each operation on its files", { tags: ["long"] }, async () => {
  const whole = folderStore(join(root, "longer"));
  const expected = await bitsOf(whole, (await train(plain, { ...options, steps: 4, store: whole })).state);
  const first = join(root, "first");
  await train(plain, { ...options, steps: 2, store: folderStore(first) });
  fs.writeFileSync(join(first, "checkpoints", "00000009.safetensors.77-0.tmp"), "torn");
  let at = 1;
  for (; ; at += stride) {
    const dir = join(root, `resume-${at}-end`);
    fs.cpSync(first, dir, { recursive: true });
    const start = () => resume(plain, folderStore(dir), { ...goingOn, steps: 4 });
    if (!(await endedAt(dir, at, start))) break;
    const store = folderStore(dir);
    const { state } = await resume(plain, store, { ...goingOn, steps: 4 });
    expectTidy(dir);
    expect({ at, bits: await bitsOf(store, state) }).toEqual({ at, bits: expected });
    fs.rmSync(dir, { recursive: true, force: true });
  }
  expect(at).toBeGreaterThan(30);
});
