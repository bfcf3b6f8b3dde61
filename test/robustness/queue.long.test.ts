/**
 * Twelve cells on two workers that are killed again and again, with their coordinator and their Redis: every cell ends in
 * the bits of the undisturbed run, none is lost, none is counted twice. `UNSPOOL_ATTACK_KILLS` says how many workers are
 * killed: 40 by default.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RedisServer,
  hasRedisServer,
  redisServer,
} from "../../packages/workers/src/testing/redisServer.ts";
import { bin, exitCodeOf, unspool, workFolder } from "../e2e/command.ts";

const kills = Number(process.env["UNSPOOL_ATTACK_KILLS"] ?? 40);
const coordinatorKills = Math.max(1, Math.round(kills / 8));
const restarts = Math.max(1, Math.round((kills * 3) / 40));
const levels = Array.from({ length: 11 }, (_, i) => i / 10);
const settings = ["--set", `levels=${JSON.stringify(levels)}`, "--set", "stepMs=250"];

const canRun = hasRedisServer();
const { dir, remove } = workFolder();
let server: RedisServer;
beforeAll(async () => {
  if (canRun) server = await redisServer();
});
afterAll(async () => {
  await server?.stop();
  remove();
});

/** The same moments in every run of the test: a linear congruential generator (Numerical Recipes). */
let draw = 12_345;
const random = (): number => (draw = (Math.imul(draw, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function begin(...args: string[]): ChildProcess {
  const env = { ...process.env, UNSPOOL_WORKER_LOCK_MS: "1500" };
  return spawn(process.execPath, [bin, ...args], { cwd: dir, env, stdio: ["ignore", "ignore", "inherit"] });
}

const bitsOf = (out: string): Map<string, string> =>
  new Map(
    readdirSync(join(dir, out, "cells")).map((id) => {
      const checkpoints = join(dir, out, "cells", id, "checkpoints");
      const names = readdirSync(checkpoints).filter((name) => name.endsWith(".safetensors"));
      return [id, readFileSync(join(checkpoints, names.toSorted().at(-1)!), "latin1")];
    }),
  );

const stepsOf = (out: string, id: string): unknown[] =>
  readFileSync(join(dir, out, "cells", id, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { step: number }).step);

describe.runIf(canRun)("a study through a queue", () => {
  test("survives kills of its workers, its coordinator and its Redis", async () => {
    const alone = unspool(dir, "run", "noisyStudy.ts", "--out", "alone", "--jobs", "2", ...settings);
    expect((await alone).code).toBe(0);

    const state = { isOver: false, coordinator: undefined as ChildProcess | undefined };
    const slots: (ChildProcess | undefined)[] = [undefined, undefined];
    const keepWorker = async (slot: number): Promise<void> => {
      while (!state.isOver) {
        const child = begin("worker", "--queue", server.url, "--files", ".", "--jobs", "2");
        slots[slot] = child;
        await exitCodeOf(child, "exit");
      }
    };
    const coordinate = async (): Promise<void> => {
      const queue = ["--queue", server.url, "--checkpoint-every", "0.2"];
      for (let code = -1; code !== 0;) {
        // One that was killed before the study's folder was there begins again.
        const isThere = readdirSync(dir).includes("queued");
        const child = isThere
          ? begin("resume", "queued", "--experiment", "noisyStudy.ts", ...queue)
          : begin("run", "noisyStudy.ts", "--out", "queued", ...queue, ...settings);
        state.coordinator = child;
        code = await exitCodeOf(child, "exit");
        expect([0, 137]).toContain(code);
      }
      state.isOver = true;
    };
    const counts = { workers: 0, coordinators: 0, restarts: 0 };
    const attack = async (): Promise<void> => {
      for (let i = 1; i <= kills && !state.isOver; i++) {
        await pause(1500 + 3000 * random());
        if (state.isOver) return;
        slots[random() < 0.5 ? 0 : 1]?.kill("SIGKILL");
        counts.workers++;
        if (i % Math.ceil(kills / coordinatorKills) === 0) {
          state.coordinator?.kill("SIGKILL");
          counts.coordinators++;
        }
        if (i % Math.floor(kills / restarts) === Math.floor(kills / restarts) - 1) {
          await server.restart("SIGKILL");
          counts.restarts++;
        }
      }
    };
    const workers = [keepWorker(0), keepWorker(1)];
    await Promise.all([attack(), coordinate()]);
    for (const child of slots) child?.kill("SIGTERM");
    await Promise.all(workers);
    console.log(`killed: ${JSON.stringify(counts)}`);

    expect(counts.workers).toBeGreaterThan(kills / 2);
    expect(counts.restarts).toBeGreaterThan(0);
    const [wanted, found] = [bitsOf("alone"), bitsOf("queued")];
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    expect(found.size).toBe(12);
    for (const [id, bits] of wanted) {
      expect(found.get(id) === bits, `the last checkpoint of ${id}`).toBe(true);
      expect(stepsOf("queued", id)).toEqual(stepsOf("alone", id));
    }
    const [one, other] = ["alone", "queued"].map((out) =>
      readFileSync(join(dir, out, "summary.json"), "utf8"),
    );
    expect(other).toBe(one);
  });
});
