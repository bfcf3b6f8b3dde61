/**
 * The coordinator's side: a cell is put into the queue, waited for, and taken home into the study's folder. All that it
 * knows is in the folder, the queue and the store: one that was killed begins again where they are.
 */
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { type Job, Queue } from "bullmq";
import { UnspoolError } from "unspool";
import { type CellEnd, type CellHooks, type StudyStore, type TrainEvent, hasEnded } from "unspool/train";
import { type CellJob, requireCellJob, queueOf, storeName } from "./cellJob.ts";
import type { BlobStore } from "./blobs/blobStore.ts";
import { connectQueue } from "./connectQueue.ts";
import { copyWhole } from "./copyRun.ts";
import { redisStore } from "./redisStore.ts";
import { type QueueProgress, progressMeter } from "./queueProgress.ts";
import { tellNeeds } from "./registry.ts";

export interface CellQueue {
  /** Runs a cell on some worker, into its place in the study's store. */
  run(cell: string, place: CellPlace, hooks: CellHooks): Promise<CellEnd>;
  /** Of the cells that were interrupted: those that workers go on with, and those that were taken out of the queue. */
  left(): { atWorkers: number; withdrawn: number };
  /** Forgets what the queue and its store know of these cells, as far as they have ended and are at home. */
  forget(cells: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface CellPlace {
  /** Ids of the cells whose results it may begin with. */
  after: readonly string[];
  /** Outer steps after which it stops. Default: it has all of them. */
  until?: number | undefined;
}

export interface CellQueueOptions {
  /** `redis://…` */
  url: string;
  /** All cells' part of a job. */
  job: Omit<CellJob, "protocol" | "cell" | "after" | "until" | "store">;
  store: StudyStore;
  /** Where workers keep checkpoints; `job.needs.store` is its identity. Default: on the queue's server. */
  blobs?: BlobStore | undefined;
  /** Whether another cell comes after this one. Default: all are kept until `forget`. */
  isNeeded?(cell: string): boolean;
  /** Hears every two seconds how far all cells are. Default: nobody does. */
  onProgress?(told: QueueProgress): void;
  /** What a person may want to know: that the server cannot be reached, say. */
  onMessage(message: string): void;
}

/** How often it is asked what has become of a cell. */
const pollMs = 200;
/** Jobs and results that nobody has asked for are kept so long. */
const keepSeconds = 604_800;
/** What BullMQ says of a job whose workers died again and again. */
const stalled = /stalled more than/;

export async function cellQueue({
  url,
  job: common,
  store,
  blobs,
  isNeeded = () => true,
  onProgress = () => {},
  onMessage,
}: CellQueueOptions): Promise<CellQueue> {
  const { client } = await connectQueue(url, onMessage);
  const queue = new Queue(queueOf(common.needs), { connection: client, prefix: "unspool-queue" });
  queue.on("error", () => {});
  const manifest = JSON.stringify(await store.readManifest());
  const study = createHash("sha256").update(manifest).digest("hex").slice(0, 16);
  await tellNeeds(client, common.needs);

  const meter = progressMeter(onProgress);
  const left = { atWorkers: 0, withdrawn: 0 };
  /** Cells that are being forgotten. */
  const leaving: Promise<void>[] = [];
  const runOf = (cell: string) => redisStore(client, storeName({ store: study }, cell), blobs && { blobs });
  /** What is known here and not there: cells that this one comes after, and what was done of it. */
  const bring = async (cell: string, until?: number): Promise<void> => {
    const there = await runOf(cell).readManifest();
    const isLacking = !hasEnded(there, until) && hasEnded(await store.cell(cell).readManifest(), until);
    if (there === undefined || isLacking) await copyWhole(store.cell(cell), runOf(cell), () => {});
  };
  const put = async (cell: string, { after, until }: CellPlace): Promise<void> => {
    const stop = until === undefined ? {} : { until };
    const job = requireCellJob({ ...common, protocol: 1, cell, after, ...stop, store: study });
    await queue.add("cell", job, {
      jobId: storeName(job, cell),
      attempts: 4,
      backoff: { type: "fixed", delay: 500 },
      removeOnComplete: { age: keepSeconds },
      removeOnFail: { age: keepSeconds },
    });
  };
  const find = (cell: string) => queue.getJob(storeName({ store: study }, cell));
  const takeHome = async (cell: string, hooks: CellHooks): Promise<CellEnd> => {
    const there = await runOf(cell).readManifest();
    const warn = (message: string): void => hooks.onEvent({ type: "warning", message });
    await copyWhole(runOf(cell), store.cell(cell), warn);
    const error = there?.error;
    return there?.status === "failed" ? { status: "failed", ...(error && { error }) } : { status: "done" };
  };

  const forget = async (cell: string): Promise<void> => {
    if (!hasEnded(await store.cell(cell).readManifest())) return;
    for (let tries = 10; tries > 0; tries--) {
      try {
        // Its worker may still be writing that it has ended.
        await (await find(cell))?.remove();
        const there = runOf(cell);
        if ((await there.readManifest()) === undefined) return;
        await there.hold(() => {});
        return await there.discard();
      } catch {
        await wait(pollMs, undefined);
      }
    }
  };

  const runThere: CellQueue["run"] = async (cell, place, hooks) => {
    // Every cell that waits listens to it.
    if (hooks.signal !== undefined) setMaxListeners(0, hooks.signal);
    const tell = progressTeller(cell, hooks);
    for (const before of place.after) await bring(before);
    await bring(cell, place.until);
    let newest = -1;
    for (;;) {
      if (hasEnded(await runOf(cell).readManifest(), place.until)) {
        const end = await takeHome(cell, hooks);
        if (!isNeeded(cell)) leaving.push(forget(cell).catch(() => {}));
        return end;
      }
      const job = await find(cell);
      if (hooks.signal?.aborted === true) {
        // One that a worker has goes on there, and is found when the study goes on.
        const isOut = await job?.remove().then(
          () => true,
          () => false,
        );
        if (isOut === true) left.withdrawn++;
        if (isOut === false) left.atWorkers++;
        return { status: "interrupted" };
      }
      const state = job === undefined ? "unknown" : await job.getState();
      meter.place(cell, state === "active" ? "running" : "waiting");
      if (state === "unknown") await put(cell, place);
      else if (state === "completed") await job!.remove().catch(() => {});
      else if (state === "failed") {
        const [checkpoint = -1] = await runOf(cell).listCheckpoints();
        requireHope(cell, job!, checkpoint > newest);
        newest = checkpoint;
        await job!.remove().catch(() => {});
      } else tell(job!.progress);
      await wait(pollMs, hooks.signal);
    }
  };
  const run: CellQueue["run"] = (cell, after, hooks) => {
    const onEvent: CellHooks["onEvent"] = (event) => {
      if (event.type === "step") meter.step(cell, event.record.step);
      hooks.onEvent(event);
    };
    return runThere(cell, after, { ...hooks, onEvent }).finally(() => meter.place(cell, undefined));
  };
  return {
    run,
    left: () => ({ ...left }),
    async forget(cells) {
      await Promise.all(leaving);
      for (const cell of cells) await forget(cell);
    },
    async close() {
      meter.end();
      await Promise.all(leaving);
      await queue.close();
      client.disconnect();
    },
  };
}

/** Throws what a failed job has to tell, unless its workers only died, and it got on meanwhile. */
function requireHope(cell: string, { failedReason }: Job, hasAdvanced: boolean): void {
  if (stalled.test(failedReason) && hasAdvanced) return;
  const told = failedReason.startsWith('{"code":')
    ? (JSON.parse(failedReason) as { code: string; message: string; details?: object })
    : { code: "WORKER", message: `cell ${cell}: its workers ended again and again (${failedReason}).` };
  throw new UnspoolError(told.code, told.message, { ...told.details, cell });
}

/** Hands on what a worker tells of its cell, each thing once. */
function progressTeller(cell: string, { onEvent }: CellHooks): (progress: unknown) => void {
  let last = "";
  let hasBegun = false;
  return (progress) => {
    if (typeof progress !== "object" || progress === null) return;
    const text = JSON.stringify(progress);
    if (text === last) return;
    last = text;
    const { record, steps, note } = progress as {
      record?: { step?: unknown };
      steps?: unknown;
      note?: unknown;
    };
    if (typeof note === "string") onEvent({ type: "warning", message: `${cell}, at its worker: ${note}` });
    if (typeof record?.step !== "number" || typeof steps !== "number") return;
    if (!hasBegun)
      onEvent({
        type: "start",
        experiment: cell,
        config: {},
        seed: 0,
        step: record.step,
        steps,
        store: undefined,
      });
    hasBegun = true;
    onEvent({ type: "step", record, steps } as TrainEvent);
  };
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
