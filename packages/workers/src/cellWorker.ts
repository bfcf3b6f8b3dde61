/**
 * The worker's side: takes cells from the queue, so many at once, and tells who it is. This process never computes: it
 * renews its hold on the jobs and copies checkpoints to the store.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Worker } from "bullmq";
import { requireInteger } from "unspool";
import type { CellEnd, TrainEvent } from "unspool/train";
import type { BlobStore } from "./blobs/blobStore.ts";
import { type Capability, type CellJob, differences, queueOf } from "./cellJob.ts";
import { connectQueue } from "./connectQueue.ts";
import { type SeatJob, seatJobName } from "./shards/shardJob.ts";
import { type ServeSeat, takeSeat } from "./shards/seatWorker.ts";
import { takeCell } from "./takeCell.ts";
import type { WorkerMetrics } from "./workerMetrics.ts";
import { type WorkerInfo, forgetWorker, listNeeds, tellWorker } from "./registry.ts";

export interface CellWorkerOptions {
  /** `redis://…` */
  url: string;
  /** Cells at once. */
  jobs: number;
  has: Capability;
  /** Why this worker does not serve a job; undefined where it does. */
  refusal(job: CellJob | SeatJob): Promise<string | undefined>;
  /** Runs the cell in the study's folder `dir`, which has the runs of cells before it, until its end or the signal. */
  run(
    job: CellJob,
    dir: string,
    hooks: { signal: AbortSignal; onEvent(event: TrainEvent): void },
  ): Promise<CellEnd>;
  /** Sits at a run whose units workers compute. */
  serve: ServeSeat;
  /** What a person may want to know. */
  onMessage(message: string): void;
  /** Aborted: cells write a checkpoint and are given back. */
  signal: AbortSignal;
  /** A worker that is not heard of for so long has lost its cells. Default 30000. */
  lockMs?: number | undefined;
  /** Where checkpoints are kept; `has.store` is its identity. Default: on the queue's server. */
  blobs?: BlobStore | undefined;
  /** Counts what is done. Default: nobody does. */
  metrics?: WorkerMetrics | undefined;
}

const tellMs = 3000;
/** A hold that is shorter would be lost by a server that is busy for a moment. */
const shortestHoldMs = 500;

/** Works until the signal, and then until all cells are given back. Throws `QueueError` where the server does not let it in. */
export async function workOnCells(options: CellWorkerOptions): Promise<void> {
  const { url, jobs, has, onMessage, signal, lockMs = 30_000 } = options;
  requireInteger("workOnCells", "lockMs", lockMs, shortestHoldMs);
  const connection = await connectQueue(url, onMessage, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (connection === undefined) return;
  const { client } = connection;
  // BullMQ's own waits on the server for jobs.
  const waiting = client.duplicate();
  waiting.on("error", () => {});
  const info = { ...{ id: randomUUID(), host: hostname(), pid: process.pid, jobs, has }, ended: 0 };
  const running = new Map<string, WorkerInfo["cells"][number]>();
  options.metrics?.watch(client, () => [...running.values()]);
  const told = new Set<string>();
  const tell = async (): Promise<void> => {
    await tellWorker(client, { ...info, cells: [...running.values()] });
    for (const needs of await listNeeds(client)) {
      const others = differences(needs, has);
      const text = others.join("; ");
      if (others.length === 0 || told.has(text)) continue;
      told.add(text);
      onMessage(`There are cells that this worker does not take: ${text}.`);
    }
  };
  const worker = new Worker(
    queueOf(has),
    async (job, token) => {
      const taken = { job, token, client, running, ...options, lockMs };
      const outcome = await (job.name === seatJobName ? takeSeat(taken) : takeCell(taken));
      info.ended++;
      options.metrics?.cellEnded("done");
      return outcome;
    },
    {
      connection: waiting,
      prefix: "unspool-queue",
      concurrency: jobs,
      lockDuration: lockMs,
      stalledInterval: Math.max(500, lockMs / 2),
      maxStalledCount: 3,
    },
  );
  worker.on("error", () => {});
  worker.on("failed", () => options.metrics?.cellEnded("failed"));
  const telling = setInterval(() => void tell().catch(() => {}), tellMs);
  await tell();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(telling);
  await worker.close();
  await forgetWorker(client, info.id);
  waiting.disconnect();
  client.disconnect();
}
