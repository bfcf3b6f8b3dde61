/**
 * One cell that a worker has taken: fetched, run in a folder of its own by a process that knows nothing of the queue, and
 * copied to the store while it runs. What cannot be kept is not computed on: the process is stopped, and the copy tried
 * again until it is kept, or the worker is stopped.
 */
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import type { Redis } from "ioredis";
import { UnspoolError } from "unspool";
import { type RunStore, StoreError, type TrainEvent, hasEnded } from "unspool/train";
import { folderStore } from "unspool/train/node";
import { type CellJob, differences, requireCellJob, storeName } from "./cellJob.ts";
import type { CellWorkerOptions } from "./cellWorker.ts";
import { copyRun, copyWhole } from "./copyRun.ts";
import type { SeatJob } from "./shards/shardJob.ts";
import { type RedisStoreOptions, redisStore } from "./redisStore.ts";
import type { WorkerInfo } from "./registry.ts";

export interface TakenCell extends CellWorkerOptions {
  job: Job;
  token: string | undefined;
  client: Redis;
  running: Map<string, WorkerInfo["cells"][number]>;
  lockMs: number;
}

/** Until a job that this worker does not serve, or whose run is still held by a dead one, is looked at again. */
const laterMs = 2000;
/** Until a store that was full, or away, is tried again: a tenth of the hold. */
const againMs = ({ lockMs }: TakenCell): number => lockMs / 10;

/** Gives a job back; also where the server has no room for it yet. */
export async function putOff(taken: TakenCell, why: string, ms: number): Promise<never> {
  const { job, token, onMessage, metrics, signal } = taken;
  onMessage(`${job.id}: ${why}`);
  metrics?.cellLeft();
  while (!(await moved(job, ms, token))) {
    if (signal.aborted) break;
    await pause(againMs(taken), signal);
  }
  throw new DelayedError();
}

/** The job, checked; it is given back where this worker does not serve it. */
export async function acceptedJob<Kind extends CellJob | SeatJob>(
  taken: TakenCell,
  check: (data: unknown) => Kind,
): Promise<Kind> {
  const { job, refusal, has, signal } = taken;
  const checked = checkedJob(job.data, check);
  if (signal.aborted) return putOff(taken, "given back.", 0);
  const others = differences(checked.needs, has);
  const refused = others.length > 0 ? others.join("; ") : await refusal(checked);
  if (refused !== undefined) return putOff(taken, `not taken: ${refused}`, laterMs);
  return checked;
}

export async function takeCell(taken: TakenCell): Promise<{ status: string }> {
  const { job, signal, metrics } = taken;
  const later = (why: string, ms: number): Promise<never> => putOff(taken, why, ms);
  const cell = await acceptedJob(taken, requireCellJob);
  const store = storeOf(taken, cell.store, cell.cell);
  let end: RunEnd;
  try {
    if (hasEnded(await store.readManifest(), cell.until)) return { status: "done" };
    metrics?.cellBegun(Date.now() - job.timestamp);
    end = await runTaken(taken, cell, store);
  } catch (error) {
    if (error instanceof StoreError && ["busy", "exists"].includes(String(error.details["reason"])))
      return later(error.message, laterMs);
    if (canWait(error)) return later(error.message, againMs(taken));
    throw error;
  }
  if (end === "ended") return { status: "done" };
  if (end === "kept") return later("given back; its checkpoint is kept now.", 0);
  if (signal.aborted) return later("given back.", 0);
  throw new Error(`the process of cell ${cell.cell} ended before its cell did`);
}

const storeOf = ({ client, lockMs, blobs }: TakenCell, store: string, cell: string): RunStore => {
  const options: RedisStoreOptions = { holdMs: lockMs, ...(blobs && { blobs }) };
  return redisStore(client, storeName({ store }, cell), options);
};

/** Whether the same may be possible later: there may be room again, or somebody who answers. */
const canWait = (error: unknown): error is StoreError =>
  error instanceof StoreError && (error.details["isFull"] === true || error.details["isAway"] === true);

/** False where the server has no room to note it. */
async function moved(job: Job, ms: number, token: string | undefined): Promise<boolean> {
  try {
    await job.moveToDelayed(Date.now() + ms, token);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("OOM")) return false;
    throw error;
  }
}

function checkedJob<Kind>(data: unknown, check: (data: unknown) => Kind): Kind {
  try {
    return check(data);
  } catch (error) {
    throw final(error as UnspoolError);
  }
}

/** What another attempt would meet again. */
export const final = ({ code, message, details }: UnspoolError): UnrecoverableError =>
  new UnrecoverableError(JSON.stringify({ code, message, details }));

/** A cell has ended, or was stopped because its checkpoints could not be kept, and can be now; or else is open. */
type RunEnd = "ended" | "kept" | "open";

/** Fetches what is there of the cell, has it run, and keeps what comes of it. */
async function runTaken(taken: TakenCell, cell: CellJob, store: RunStore): Promise<RunEnd> {
  const { job, running, run, signal, onMessage, metrics } = taken;
  const key = job.id!;
  const dir = await fs.mkdtemp(join(tmpdir(), "unspool-cell-"));
  const place = (id: string): RunStore => folderStore(join(dir, "cells", id));
  /** Of the cell's process alone. */
  const own = new AbortController();
  const stop = (): void => own.abort();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const isBegun = (await store.readManifest()) !== undefined;
  if (isBegun) await store.hold(onMessage);
  try {
    if (isBegun) {
      const [newest = 0] = await store.listCheckpoints();
      await store.rewind(newest);
    }
    for (const id of [...cell.after, cell.cell])
      await copyWhole(storeOf(taken, cell.store, id), place(id), onMessage);
    const measured = metrics === undefined ? store : metrics.measured(store);
    const mirror = mirrorOf(place(cell.cell), measured, (error) => {
      const said = error instanceof Error ? error.message : String(error);
      const next = canWait(error) ? "What it has is kept here, and tried again." : "Its attempt ends.";
      onMessage(`${cell.cell}: ${said} Its process is stopped: it would compute what is not kept. ${next}`);
      stop();
    });
    const speed = speedOf(taken, cell);
    running.set(key, { study: cell.study, cell: cell.cell, step: 0, stepsPerSecond: 0 });
    await run(cell, dir, {
      signal: own.signal,
      onEvent(event) {
        if (event.type === "warning") onMessage(`${cell.cell}: ${event.message}`);
        if (event.type === "checkpoint") mirror.look();
        if (event.type === "step") speed(event);
      },
    }).catch(async (error: unknown) => {
      await mirror.end();
      throw error instanceof UnspoolError ? final(error) : error;
    });
    let isKept = false;
    await mirror.end().catch(async (error: unknown) => {
      await keepLater(taken, place(cell.cell), store, error);
      isKept = true;
    });
    return hasEnded(await store.readManifest(), cell.until) ? "ended" : isKept ? "kept" : "open";
  } finally {
    signal.removeEventListener("abort", stop);
    running.delete(key);
    await store.release();
    await fs.rm(dir, { recursive: true, force: true });
  }
}

/** Copies what a stopped cell has, as soon as the store takes it. Throws what stands in the way for good. */
async function keepLater(taken: TakenCell, from: RunStore, to: RunStore, error: unknown): Promise<void> {
  const { job, signal } = taken;
  for (let failure = error; ;) {
    if (!canWait(failure) || signal.aborted) throw failure;
    await job.updateProgress({ note: failure.message }).catch(() => {});
    await pause(againMs(taken), signal);
    try {
      return await copyRun(from, to, true);
    } catch (again) {
      failure = again;
    }
  }
}

/** Tells every half second how far a cell is. */
function speedOf(
  { job, running, metrics }: TakenCell,
  cell: CellJob,
): (event: TrainEvent & { type: "step" }) => void {
  /** The step that was told last, and when. */
  let last: { step: number; ms: number } | undefined;
  let counted: number | undefined;
  return ({ record, steps }) => {
    const { step } = record;
    if (counted !== undefined) metrics?.stepsDone(step - counted);
    counted = step;
    const now = performance.now();
    if (last !== undefined && now - last.ms < 500) return;
    // Of the first there is no speed: the cell's process has only begun.
    const stepsPerSecond = last === undefined ? 0 : ((step - last.step) * 1000) / (now - last.ms);
    running.set(job.id!, { study: cell.study, cell: cell.cell, step, stepsPerSecond });
    last = { step, ms: now };
    job.updateProgress({ record: { step, loss: record.loss }, steps }).catch(() => {});
  };
}

/** Copies the run from the folder to the store, now and then, one copy at a time. The first failure is told at once. */
function mirrorOf(
  folder: RunStore,
  store: RunStore,
  onFailure: (error: unknown) => void,
): { look(): void; end(): Promise<void> } {
  let copying = Promise.resolve();
  let isWaiting = false;
  let failure: unknown;
  const copy = (isWhole: boolean): Promise<void> =>
    copyRun(folder, store, isWhole).catch((error: unknown) => {
      failure ??= error;
      onFailure(error);
    });
  return {
    look() {
      if (isWaiting || failure !== undefined) return;
      isWaiting = true;
      copying = copying.then(() => {
        isWaiting = false;
        return failure === undefined ? copy(false) : undefined;
      });
    },
    async end() {
      await copying;
      if (failure === undefined) await copy(true);
      if (failure !== undefined) throw failure;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
