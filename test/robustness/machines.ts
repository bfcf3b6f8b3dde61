/** Two workers and a coordinator on a queue, which are killed again and again, with their Redis. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RedisServer } from "../../packages/workers/src/testing/redisServer.ts";
import { bin, exitCodeOf } from "../e2e/command.ts";

export interface Attack {
  dir: string;
  server: RedisServer;
  /** Workers to kill; coordinators an eighth of them, Redis three fortieths, and once at least. */
  kills: number;
  /** Milliseconds between two kills: at least, and at most. */
  between: readonly [least: number, most: number];
  /** The folder of the study or the run, and the commands that begin it and go on with it, without `--queue`. */
  out: string;
  begin: readonly string[];
  resume: readonly string[];
}

export interface Killed {
  workers: number;
  coordinators: number;
  restarts: number;
}

/** The same moments in every run of a test: a linear congruential generator (Numerical Recipes). */
function generator(): () => number {
  let draw = 12_345;
  return () => (draw = (Math.imul(draw, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until the coordinator has come to its end, whoever was killed meanwhile. */
export async function underAttack(attack: Attack): Promise<Killed> {
  const { dir, server, kills, between, out } = attack;
  const random = generator();
  const start = (...args: string[]): ChildProcess => {
    return spawn(process.execPath, [bin, ...args], { cwd: dir, stdio: ["ignore", "ignore", "inherit"] });
  };
  const state = { isOver: false, coordinator: undefined as ChildProcess | undefined };
  const slots: (ChildProcess | undefined)[] = [undefined, undefined];
  const keepWorker = async (slot: number): Promise<void> => {
    while (!state.isOver) {
      const child = start("worker", "--queue", server.url, "--files", ".", "--jobs", "2", "--hold", "1.5");
      slots[slot] = child;
      await exitCodeOf(child, "exit");
    }
  };
  const coordinate = async (): Promise<void> => {
    const queue = ["--queue", server.url, "--checkpoint-every", "0.2"];
    for (let code = -1; code !== 0;) {
      // One that was killed before the folder was there begins again.
      const isThere = readdirSync(dir).includes(out);
      state.coordinator = start(...(isThere ? attack.resume : attack.begin), ...queue);
      code = await exitCodeOf(state.coordinator, "exit");
      expect([0, 137]).toContain(code);
    }
    state.isOver = true;
  };
  const killed = { workers: 0, coordinators: 0, restarts: 0 };
  const coordinatorEvery = Math.ceil(kills / Math.max(1, Math.round(kills / 8)));
  const restartEvery = Math.floor(kills / Math.max(1, Math.round((kills * 3) / 40)));
  const kill = async (): Promise<void> => {
    for (let i = 1; i <= kills && !state.isOver; i++) {
      await pause(between[0] + (between[1] - between[0]) * random());
      if (state.isOver) return;
      slots[random() < 0.5 ? 0 : 1]?.kill("SIGKILL");
      killed.workers++;
      if (i % coordinatorEvery === 0) {
        state.coordinator?.kill("SIGKILL");
        killed.coordinators++;
      }
      if (i % restartEvery === restartEvery - 1) {
        await server.restart("SIGKILL");
        killed.restarts++;
      }
    }
  };
  const workers = [keepWorker(0), keepWorker(1)];
  await Promise.all([kill(), coordinate()]);
  for (const child of slots) child?.kill("SIGTERM");
  await Promise.all(workers);
  console.log(`${out}: killed ${JSON.stringify(killed)}`);
  return killed;
}

/** The newest checkpoint of the run in a folder. */
export function lastCheckpoint(folder: string): string {
  const checkpoints = join(folder, "checkpoints");
  const names = readdirSync(checkpoints).filter((name) => name.endsWith(".safetensors"));
  return readFileSync(join(checkpoints, names.toSorted().at(-1)!), "latin1");
}

/** The steps that its metrics have, in order. */
export function loggedSteps(folder: string): number[] {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { step: number }).step);
}
