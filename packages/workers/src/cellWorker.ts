/**
 * The worker's side: takes cells from the queue and has each run in a folder of its own, by a process that knows
 * nothing of the queue. This process never computes: it renews its hold on the job and copies checkpoints to the store.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { DelayedError, type Job, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { UnspoolError } from "unspool";
import { type CellEnd, type RunStore, StoreError, type TrainEvent, hasEnded } from "unspool/train";
import { folderStore } from "unspool/train/node";
import { type Capability, type CellJob, differences, queueOf, requireCellJob, storeName } from "./cellJob.ts";
import { copyRun, copyWhole } from "./copyRun.ts";
import { queueAddress } from "./queueUrl.ts";
import { redisStore } from "./redisStore.ts";
import { seatJobName, type SeatJob, requireSeatJob } from "./shards/shardJob.ts";
import { type ServeSeat, takeSeat } from "./shards/seatWorker.ts";
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
}

const tellMs = 3000;
/** Until a job that this worker does not serve, or whose run is still held by a dead one, is looked at again. */
const laterMs = 2000;

/** Works until the signal, and then until all cells are given back. */
export async function workOnCells(options: CellWorkerOptions): Promise<void> {
  const { url, jobs, has, onMessage, signal, lockMs = 30_000 } = options;
  const { options: address, shown } = queueAddress(url);
  const client = new Redis({ ...address, maxRetriesPerRequest: null });
  client.on("error", () => {});
  client.once("error", ({ message }) => onMessage(`${shown}: ${message}. It is asked again.`));
  const info = { ...{ id: randomUUID(), host: hostname(), pid: process.pid, jobs, has }, ended: 0 };
  const running = new Map<string, WorkerInfo["cells"][number]>();
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
  const connection = client.duplicate();
  const worker = new Worker(
    queueOf(has),
    async (job, token) => {
      const taken = { job, token, client, running, ...options, lockMs };
      const outcome = await (job.name === seatJobName ? sit(taken) : takeCell(taken));
      info.ended++;
      return outcome;
    },
    {
      connection,
      prefix: "unspool-queue",
      concurrency: jobs,
      lockDuration: lockMs,
      stalledInterval: Math.max(500, lockMs / 2),
      maxStalledCount: 3,
    },
  );
  worker.on("error", () => {});
  const telling = setInterval(() => void tell().catch(() => {}), tellMs);
  await tell();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(telling);
  await worker.close();
  connection.disconnect();
  await forgetWorker(client, info.id);
  client.disconnect();
}

interface Taken extends CellWorkerOptions {
  job: Job;
  token: string | undefined;
  client: Redis;
  running: Map<string, WorkerInfo["cells"][number]>;
  lockMs: number;
}

async function putOff({ job, token, onMessage }: Taken, why: string, ms: number): Promise<never> {
  onMessage(`${job.id}: ${why}`);
  await job.moveToDelayed(Date.now() + ms, token);
  throw new DelayedError();
}

async function sit(taken: Taken): Promise<{ status: string }> {
  const { job, has, refusal, signal, lockMs } = taken;
  const seat = checkedJob(job.data, requireSeatJob);
  if (signal.aborted) return putOff(taken, "given back.", 0);
  const others = differences(seat.needs, has);
  const refused = others.length > 0 ? others.join("; ") : await refusal(seat);
  if (refused !== undefined) return putOff(taken, `not taken: ${refused}`, laterMs);
  const end = await takeSeat({ ...taken, holdMs: Math.min(lockMs, 10_000) }).catch((error: unknown) => {
    throw error instanceof UnspoolError ? final(error) : error;
  });
  return end === "done" ? { status: "done" } : putOff(taken, "given back.", 0);
}

async function takeCell(taken: Taken): Promise<{ status: string }> {
  const { job, client, refusal, has, lockMs, signal } = taken;
  const later = (why: string, ms: number): Promise<never> => putOff(taken, why, ms);
  const cell = checkedJob(job.data, requireCellJob);
  if (signal.aborted) return later("given back.", 0);
  const others = differences(cell.needs, has);
  const refused = others.length > 0 ? others.join("; ") : await refusal(cell);
  if (refused !== undefined) return later(`not taken: ${refused}`, laterMs);
  const store = redisStore(client, storeName(cell, cell.cell), { holdMs: lockMs });
  if (hasEnded(await store.readManifest(), cell.until)) return { status: "done" };
  try {
    await runTaken(taken, cell, store);
  } catch (error) {
    if (error instanceof StoreError && ["busy", "exists"].includes(String(error.details["reason"])))
      return later(error.message, laterMs);
    throw error;
  }
  if (hasEnded(await store.readManifest(), cell.until)) return { status: "done" };
  if (signal.aborted) return later("given back.", 0);
  throw new Error(`the process of cell ${cell.cell} ended before its cell did`);
}

function checkedJob<T>(data: unknown, check: (data: unknown) => T): T {
  try {
    return check(data);
  } catch (error) {
    throw final(error as UnspoolError);
  }
}

/** What another attempt would meet again. */
const final = ({ code, message, details }: UnspoolError): UnrecoverableError =>
  new UnrecoverableError(JSON.stringify({ code, message, details }));

/** Fetches what is there of the cell, has it run, and keeps what comes of it. */
async function runTaken(
  { job, client, running, run, signal, onMessage }: Taken,
  cell: CellJob,
  store: RunStore,
): Promise<void> {
  const key = job.id!;
  const dir = await fs.mkdtemp(join(tmpdir(), "unspool-cell-"));
  const place = (id: string): RunStore => folderStore(join(dir, "cells", id));
  const isBegun = (await store.readManifest()) !== undefined;
  if (isBegun) await store.hold(onMessage);
  try {
    if (isBegun) {
      const [newest = 0] = await store.listCheckpoints();
      await store.rewind(newest);
    }
    for (const id of [...cell.after, cell.cell])
      await copyWhole(redisStore(client, storeName(cell, id)), place(id), onMessage);
    const mirror = mirrorOf(place(cell.cell), store);
    /** The step that was told last, and when. */
    let last: { step: number; ms: number } | undefined;
    const onEvent = (event: TrainEvent): void => {
      if (event.type === "warning") onMessage(`${cell.cell}: ${event.message}`);
      if (event.type === "checkpoint") mirror.look();
      if (event.type !== "step") return;
      const { record, steps } = event;
      const { step } = record;
      const now = performance.now();
      if (last !== undefined && now - last.ms < 500) return;
      // Of the first there is no speed: the cell's process has only begun.
      const stepsPerSecond = last === undefined ? 0 : ((step - last.step) * 1000) / (now - last.ms);
      running.set(key, { study: cell.study, cell: cell.cell, step, stepsPerSecond });
      last = { step, ms: now };
      job.updateProgress({ record: { step, loss: record.loss }, steps }).catch(() => {});
    };
    running.set(key, { study: cell.study, cell: cell.cell, step: 0, stepsPerSecond: 0 });
    await run(cell, dir, { signal, onEvent }).catch(async (error: unknown) => {
      await mirror.end();
      throw error instanceof UnspoolError ? final(error) : error;
    });
    await mirror.end();
  } finally {
    running.delete(key);
    await store.release();
    await fs.rm(dir, { recursive: true, force: true });
  }
}

/** Copies the run from the folder to the store, now and then, one copy at a time. */
function mirrorOf(folder: RunStore, store: RunStore): { look(): void; end(): Promise<void> } {
  let copying = Promise.resolve();
  let isWaiting = false;
  let failure: unknown;
  const copy = (isWhole: boolean): Promise<void> =>
    copyRun(folder, store, isWhole).catch((error: unknown) => void (failure ??= error));
  return {
    look() {
      if (isWaiting || failure !== undefined) return;
      isWaiting = true;
      copying = copying.then(() => {
        isWaiting = false;
        return copy(false);
      });
    },
    async end() {
      await copying;
      if (failure === undefined) await copy(true);
      if (failure !== undefined) throw failure;
    },
  };
}
