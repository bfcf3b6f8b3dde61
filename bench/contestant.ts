/**
 * One contestant at one workload, in a process of its own: `contestant.ts <side> <workload> <threads>`. It reads
 * requests from standard input and answers on standard output, one JSON line each, and sleeps in between, so that
 * contestants can take turns without disturbing each other. The torch contestant speaks the same protocol.
 */
import { createInterface } from "node:readline";
import type { ChunkResult, Ready, Request } from "./protocol.ts";
import { type Workload, workloadNamed } from "./workloads/table.ts";

/** What a contestant's program for one workload can do. */
export interface Runner {
  /** Does that many outer updates, and waits until their results exist. */
  run(updates: number): void | Promise<void>;
}

type MakeRunner = (workload: Workload, threads: number) => Runner | undefined | Promise<Runner | undefined>;

/** A chunk is cut into about this many calls, so that it ends near the time that was asked for. */
const callsPerChunk = 4;

const sides: Readonly<Record<string, () => Promise<MakeRunner>>> = {
  unspool: async () => (await import("./unspool.ts")).makeRunner,
  "jax-js": async () => (await import("./rivals/jaxjs/index.ts")).makeRunner,
  tfjs: async () => (await import("./rivals/tfjs/index.ts")).makeRunner,
};

const [side = "", workloadName = "", threads = "1"] = process.argv.slice(2);
const workload = workloadNamed(workloadName);

const makeRunner = await sides[side]!();
const startedAt = performance.now();
const runner = await makeRunner(workload, Number(threads));
if (runner === undefined) {
  answer({ ready: false, reason: `${side} has no ${workload.name} on ${threads} threads` });
} else {
  await runner.run(1);
  answer({ ready: true, forms: [""], firstCallMs: performance.now() - startedAt });
  let updatesPerCall = 1;
  for await (const line of createInterface({ input: process.stdin })) {
    const { seconds } = JSON.parse(line) as Request;
    const [cpuBefore, before] = [process.cpuUsage(), performance.now()];
    let updates = 0;
    let elapsed = 0;
    while (elapsed < seconds) {
      const callAt = performance.now();
      await runner.run(updatesPerCall);
      updates += updatesPerCall;
      const now = performance.now();
      elapsed = (now - before) / 1000;
      // Sized by the call and not by the mean, so that the slow first calls do not keep it small.
      const share = ((now - callAt) / 1000 / seconds) * callsPerChunk;
      if (share < 0.5) updatesPerCall *= 2;
      else if (share > 2 && updatesPerCall > 1) updatesPerCall /= 2;
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    answer({ units: updates * workload.unitsPerUpdate, seconds: elapsed, cpuSeconds: (user + system) / 1e6 });
  }
}

function answer(message: Ready | ChunkResult): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
