/** What a queue's server is and how it is set, who works for it, and what waits in it. Nothing is changed. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { UnspoolError } from "unspool";
import { type Capability, queueOf } from "./cellJob.ts";
import { QueueError, hintOf } from "./connectQueue.ts";
import { queueAddress } from "./queueUrl.ts";
import { type WorkerInfo, listNeeds, listWorkers, serverTime } from "./registry.ts";

/** Cells that need the same of their workers. */
export interface WaitingCells {
  needs: Capability;
  /** With those that are looked at again a little later. */
  waiting: number;
  /** In the hands of workers. */
  running: number;
}

export interface QueueState {
  /** The address without its password. */
  address: string;
  /** `redis` or `valkey`, with its version. */
  server: string;
  /** Median of a few round trips. */
  roundTripMs: number;
  /** By how much this machine's clock is ahead of the server's, give or take a round trip. */
  clockMs: number;
  /** `maxmemory-policy`; undefined where the server does not tell. */
  eviction: string | undefined;
  /** Bytes that the server may take; 0 without a limit. Undefined where the server does not tell. */
  memoryLimit: number | undefined;
  /** Bytes that it takes. */
  memory: number;
  /** Whether every change is written to its disk (`appendonly`); undefined where the server does not tell. */
  isPersistent: boolean | undefined;
  workers: readonly WorkerInfo[];
  cells: readonly WaitingCells[];
}

const patienceMs = 5000;
const roundTrips = 5;

/** Throws `QueueError` where the server does not answer within five seconds, or asks for another password. */
export async function inspectQueue(url: string): Promise<QueueState> {
  const { options, shown } = queueAddress(url);
  const client = new Redis({
    ...options,
    ...{ lazyConnect: true, connectTimeout: patienceMs, commandTimeout: patienceMs },
    ...{ maxRetriesPerRequest: 0, retryStrategy: () => null },
  });
  let refused: Error | undefined;
  client.on("error", (error: Error) => (refused = error));
  try {
    await client.connect();
    return await stateOf(client, shown);
  } catch (error) {
    if (error instanceof UnspoolError) throw error;
    throw new QueueError(shown, hintOf(refused ?? (error as Error), options.tls !== undefined));
  } finally {
    client.disconnect();
  }
}

async function stateOf(client: Redis, address: string): Promise<QueueState> {
  const times: number[] = [];
  let clockMs = 0;
  for (let i = 0; i < roundTrips; i++) {
    const began = performance.now();
    const there = await serverTime(client);
    times.push(performance.now() - began);
    clockMs = Date.now() - there;
  }
  const info = fieldsOf(await client.info());
  const told = async (name: string): Promise<string | undefined> =>
    ((await client.config("GET", name).catch(() => [])) as string[])[1];
  const limit = await told("maxmemory");
  const persistent = await told("appendonly");
  return {
    address,
    server: info.has("valkey_version") ? `valkey ${info.get("valkey_version")}` : `redis ${info.get("redis_version")}`, // prettier-ignore
    roundTripMs: times.toSorted((a, b) => a - b)[Math.floor(roundTrips / 2)]!,
    clockMs,
    eviction: info.get("maxmemory_policy") ?? (await told("maxmemory-policy")),
    memoryLimit: limit === undefined ? undefined : Number(limit),
    memory: Number(info.get("used_memory")),
    isPersistent: persistent === undefined ? undefined : persistent === "yes",
    workers: await listWorkers(client),
    cells: await waitingCells(client),
  };
}

async function waitingCells(client: Redis): Promise<WaitingCells[]> {
  return Promise.all(
    (await listNeeds(client)).map(async (needs) => {
      const queue = new Queue(queueOf(needs), { connection: client, prefix: "unspool-queue" });
      const counts = await queue.getJobCounts("waiting", "delayed", "prioritized", "active");
      const { waiting = 0, delayed = 0, prioritized = 0, active = 0 } = counts;
      return { needs, waiting: waiting + delayed + prioritized, running: active };
    }),
  );
}

/** `name:value` lines of INFO. */
function fieldsOf(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
