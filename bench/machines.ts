/**
 * `npm run bench -- machines [--json] [--rounds 5]`: what a window costs whose units workers compute, over one that this process
 * computes, and what goes over the wire for it; then the time of eight equal cells with one worker and with two. A real
 * redis-server on loopback (where there is none it says so) and workers on this machine; rounds take turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toyRegression, mnistSchedule } from "@unspool/experiments";
import { shardedStepper } from "@unspool/workers";
import { random } from "unspool";
import { hasRelaxedSimd } from "unspool/engine";
import {
  type Experiment,
  type RunManifest,
  initTraining,
  setUp,
  shardedRun,
  trainSteps,
} from "unspool/train";
import packageJson from "../packages/unspool/package.json" with { type: "json" };
// Not part of any public surface.
import { hasRedisServer, redisServer } from "../packages/workers/src/testing/redisServer.ts";

const bin = join(import.meta.dirname, "../packages/cli/bin/unspool.js");

interface Case {
  experiment: Experiment;
  config: object;
  shards: number;
  windows: number;
}

const cases: readonly Case[] = [
  { experiment: toyRegression as Experiment, config: {}, shards: 2, windows: 200 },
  // What one more seat costs: more processes than cores, which wait most of the time.
  { experiment: toyRegression as Experiment, config: { pairs: 1000 }, shards: 2, windows: 100 },
  { experiment: toyRegression as Experiment, config: { pairs: 1000 }, shards: 8, windows: 100 },
  { experiment: mnistSchedule as Experiment, config: { pairs: 16 }, shards: 2, windows: 20 },
];

export async function machinesBench({ isJson, rounds }: { isJson: boolean; rounds: number }): Promise<void> {
  if (!hasRedisServer()) return;
  const server = await redisServer();
  const workers: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), "unspool-bench-"));
  const startWorker = (...more: string[]): void =>
    void workers.push(
      spawn(process.execPath, [bin, "worker", "--queue", server.url, ...more], { stdio: "ignore" }),
    );
  const stopWorkers = async (): Promise<void> => {
    const ended = workers
      .splice(0)
      .map(
        (child) => new Promise<void>((resolve) => (child.on("exit", () => resolve()), child.kill("SIGTERM"))),
      );
    await Promise.all(ended);
  };
  try {
    startWorker("--jobs", `${Math.max(...cases.map(({ shards }) => shards))}`);
    for (const one of cases) tell(isJson, await windowsOf(one, server.url, rounds));
    await stopWorkers();
    tell(isJson, await cellsOf(server.url, folder, rounds, startWorker, stopWorkers));
  } finally {
    await stopWorkers();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell(isJson: boolean, found: Record<string, string | number>): void {
  if (isJson) console.log(JSON.stringify(found));
  else
    console.log(
      Object.entries(found)
        .map(([name, value]) => `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`)
        .join(", "),
    );
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Milliseconds a window, here and at two seats. */
async function windowsOf(
  { experiment, config, shards, windows }: Case,
  url: string,
  rounds: number,
): Promise<Record<string, string | number>> {
  const key = random.key(0);
  const parsed = experiment.config.parse(config);
  const setup = await setUp(experiment, parsed, random.foldIn(key, "setup"));
  const state = initTraining(setup, key);
  const manifest = { experiment: experiment.name, config: parsed, seed: 0 } as RunManifest;
  const needs = {
    unspool: packageJson.version,
    node: process.version,
    engine: "compiled" as const,
    fma: hasRelaxedSimd(),
  };
  const stepper = await shardedStepper({ url, shards, job: { needs }, mostWindows: 100_000 })({
    ...{ setup, state, manifest, signal: undefined },
    onMessage: (message) => console.error(message),
  });
  let own = state;
  const sides = {
    async alone() {
      for (let i = 0; i < windows; i++) own = trainSteps(setup, own, 1).state;
    },
    async shared() {
      await stepper.take(windows);
    },
  };
  const times = { alone: [] as number[], shared: [] as number[] };
  for (let round = -1; round < rounds; round++)
    for (const side of ["alone", "shared"] as const) {
      const from = performance.now();
      await sides[side]();
      if (round >= 0) times[side].push((performance.now() - from) / windows);
    }
  const { runner, steps } = shardedRun(setup, state);
  const [first] = runner.ranges(shards);
  const begun = steps(state);
  const wire = {
    "bytes shared": begun.shared().length,
    "bytes of a shard's sums": runner.sumBytes(first!),
    "bytes of its units": begun.unitsBefore(first!).length,
  };
  await stepper.close();
  const [alone, shared] = [median(times.alone), median(times.shared)];
  return {
    experiment: [experiment.name, ...Object.entries(config).map(([name, value]) => `${name}=${value}`)].join(
      " ",
    ),
    shards,
    "ms a window alone": alone,
    "ms a window shared": shared,
    "ms more": shared - alone,
    "ms more than half": shared - alone / 2,
    ...wire,
  };
}

/** Seconds of eight runs with one worker and with two. */
async function cellsOf(
  url: string,
  folder: string,
  rounds: number,
  start: (...more: string[]) => void,
  stop: () => Promise<void>,
): Promise<Record<string, string | number>> {
  const seconds = new Map<number, number[]>([
    [1, []],
    [2, []],
  ]);
  for (let round = 0; round < Math.min(3, rounds); round++)
    for (const [workers, times] of seconds) {
      for (let i = 0; i < workers; i++) start("--jobs", "1");
      // Workers that have begun.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const out = join(folder, `cells-${round}-${workers}`);
      const args = [
        "sweep",
        "toy-regression",
        "--seeds",
        "0..7",
        "--steps",
        "6000",
        "--out",
        out,
        "--queue",
        url,
      ];
      const from = performance.now();
      await new Promise<void>((resolve, reject) => {
        spawn(process.execPath, [bin, ...args], { stdio: "ignore" }).on("exit", (code) =>
          code === 0 ? resolve() : reject(new Error(`the sweep ended with code ${code}`)),
        );
      });
      times.push((performance.now() - from) / 1000);
      await stop();
    }
  const [one, two] = [median(seconds.get(1)!), median(seconds.get(2)!)];
  return { cells: 8, "seconds with one worker": one, "with two": two, ratio: one / two };
}
