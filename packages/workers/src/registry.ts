/** Who is there: workers tell every few seconds what they are and do, coordinators what their cells need. */
import type { Redis } from "ioredis";
import { type Capability, queueOf } from "./cellJob.ts";

const workersKey = "unspool:workers";
const needsKey = "unspool:needs";
/** A worker that is not heard of for so long is not there. */
const silenceMs = 20_000;
/** What is needed is forgotten after a day without a coordinator that says so. */
const needsMs = 86_400_000;

export interface WorkerInfo {
  id: string;
  host: string;
  pid: number;
  jobs: number;
  has: Capability;
  /** Cells that it runs, by study and id, with the step that they are at. */
  cells: readonly { study: string; cell: string; step: number; stepsPerSecond: number }[];
  /** Cells that it has ended. */
  ended: number;
  /** Milliseconds since 1970 when it was last heard of, by the server's clock. */
  at: number;
  /** By how many milliseconds its own clock is ahead of the server's. */
  clockMs: number;
}

/** Milliseconds since 1970 by the server's clock: those of the machines may differ. */
export async function serverTime(client: Redis): Promise<number> {
  const [seconds, micro] = await client.time();
  return Number(seconds) * 1000 + Math.floor(Number(micro) / 1000);
}

export async function tellWorker(client: Redis, info: Omit<WorkerInfo, "at" | "clockMs">): Promise<void> {
  const at = await serverTime(client);
  const told: WorkerInfo = { ...info, at, clockMs: Date.now() - at };
  await client.hset(workersKey, info.id, JSON.stringify(told));
}

export async function forgetWorker(client: Redis, id: string): Promise<void> {
  await client.hdel(workersKey, id);
}

/** Those that were heard of lately; what the others have left is removed. */
export async function listWorkers(client: Redis): Promise<WorkerInfo[]> {
  const now = await serverTime(client);
  const all = Object.values(await client.hgetall(workersKey)).map((text) => JSON.parse(text) as WorkerInfo);
  const silent = all.filter(({ at }) => now - at > silenceMs);
  for (const { id } of silent) await forgetWorker(client, id);
  return all.filter((info) => !silent.includes(info)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export async function tellNeeds(client: Redis, needs: Capability): Promise<void> {
  await client.hset(needsKey, queueOf(needs), JSON.stringify({ needs, at: Date.now() }));
}

/** What coordinators of the last day wanted. */
export async function listNeeds(client: Redis): Promise<Capability[]> {
  const all = Object.values(await client.hgetall(needsKey)).map(
    (text) => JSON.parse(text) as { needs: Capability; at: number },
  );
  return all.filter(({ at }) => Date.now() - at < needsMs).map(({ needs }) => needs);
}
