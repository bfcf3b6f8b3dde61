/** A worker in this process, whose cells are written by the test: what it does where checkpoints cannot be kept. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CellEnd, memoryStudyStore } from "unspool/train";
import { folderStore } from "unspool/train/node";
import { type BlobStore, BlobsFullError, blobStore } from "./blobs/blobStore.ts";
import type { Capability } from "./cellJob.ts";
import { cellQueue } from "./cellQueue.ts";
import { type CellWorkerOptions, workOnCells } from "./cellWorker.ts";
import { inspectQueue } from "./inspectQueue.ts";
import { type RedisServer, hasRedisServer, redisServer } from "./testing/redisServer.ts";
import { metricValues } from "./testing/metricValues.ts";
import { workerMetrics } from "./workerMetrics.ts";

const canRun = hasRedisServer();
const root = mkdtempSync(join(tmpdir(), "unspool-worker-"));
let server: RedisServer;
beforeAll(async () => {
  if (canRun) server = await redisServer();
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

const has: Capability = { unspool: "0.1.0", node: "v20.20.2", engine: "compiled", fma: true };
const steps = 6;
const manifest = { experiment: "x", config: {}, seed: 0, steps, status: "running", startedAt: "", updatedAt: "" } as const; // prettier-ignore
const bytesOf = (step: number): Uint8Array => new Uint8Array(200_000).fill(step);

interface Trial {
  blobs?: BlobStore;
  /** Called after each step of the cell, with what it goes on from. */
  onStep?(step: number, begunAt: number): Promise<void>;
}

/** The cell's process: a step and a checkpoint every few milliseconds, until its end or the signal. */
const runCell =
  ({ onStep }: Trial): CellWorkerOptions["run"] =>
  async (job, dir, { signal, onEvent }): Promise<CellEnd> => {
    const store = folderStore(join(dir, "cells", job.cell));
    const isBegun = (await store.readManifest()) !== undefined;
    if (isBegun) await store.hold(() => {});
    else await store.create(manifest);
    const [begunAt = 0] = await store.listCheckpoints();
    for (let step = begunAt + 1; step <= steps && !signal.aborted; step++) {
      await store.appendMetrics([{ step, loss: 1 / step, innerSteps: step, durationMs: 1 }]);
      await store.writeCheckpoint(step, bytesOf(step));
      onEvent({ type: "step", record: { step, loss: 1 / step, innerSteps: step, durationMs: 1 }, steps });
      onEvent({ type: "checkpoint", step });
      await onStep?.(step, begunAt);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const isDone = !signal.aborted;
    await store.updateManifest({ status: isDone ? "done" : "interrupted" });
    await store.release();
    return { status: isDone ? "done" : "interrupted" };
  };

async function studyStore() {
  const store = memoryStudyStore();
  await store.create({ format: "unspool-study-1", study: "s", config: {}, seed: 0, cells: ["c"], startedAt: `${Math.random()}` }); // prettier-ignore
  return store;
}

/** Runs the cell through a queue, with one worker; what both told. */
async function throughQueue(trial: Trial & { alsoOnTold?(told: string): void }) {
  const { blobs, alsoOnTold } = trial;
  const own: Capability = { ...has, ...(blobs && { store: blobs.identity }) };
  const controller = new AbortController();
  const metrics = await workerMetrics(own, 1);
  const told: string[] = [];
  const warned: string[] = [];
  const working = workOnCells({
    ...{ url: server.url, jobs: 1, has: own, signal: controller.signal, lockMs: 1000, blobs, metrics },
    onMessage: (message) => void (told.push(message), alsoOnTold?.(message)),
    refusal: async () => undefined,
    serve: async () => "done" as const,
    run: runCell(trial),
  });
  const store = await studyStore();
  const job = { study: "s", config: {}, seed: 0, needs: own };
  const queue = await cellQueue({ url: server.url, job, store, blobs, onMessage: () => {} });
  const end = await queue.run(
    "c",
    { after: [] },
    {
      onEvent: (event) => void (event.type === "warning" && warned.push(event.message)),
    },
  );
  const text = await metrics.text();
  await queue.forget(["c"]);
  const keys = (await filesOf(blobs)).length;
  await queue.close();
  controller.abort();
  await working;
  return { end, told, warned, values: metricValues(text), home: store.cell("c"), keys };
}

/** Pieces of all runs that a folder holds. */
const filesOf = async (blobs: BlobStore | undefined): Promise<string[]> =>
  blobs === undefined ? [] : readdirSync(blobs.name, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(sep)); // prettier-ignore

describe.runIf(canRun)("a worker whose checkpoints cannot be kept", () => {
  test(
    "of a full store stops its cell, waits, and goes on with what it had; nothing of it stays",
    { tags: ["long"] },
    async () => {
      const whole = await blobStore(join(root, "full"));
      const made: [step: number, begunAt: number][] = [];
      let isFull = false;
      let refused = 0;
      const blobs: BlobStore = {
        ...whole,
        async put(...args) {
          // Room comes back when it was asked for three times.
          if (isFull && ++refused <= 3) throw new BlobsFullError("ENOSPC: no space left on device");
          return whole.put(...args);
        },
      };
      const { end, told, warned, values, home, keys } = await throughQueue({
        blobs,
        async onStep(step, begunAt) {
          made.push([step, begunAt]);
          if (step === 2) isFull = true;
        },
      });
      expect(end).toEqual({ status: "done" });
      expect(told.join("\n")).toMatch(
        /c: .*ENOSPC.*Make room where --store keeps checkpoints.*Its process is stopped/,
      );
      expect(warned.join("\n")).toMatch(/c, at its worker: .*ENOSPC/);
      // No step is made twice: the process was stopped with a checkpoint, which was kept once there was room.
      expect(made.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(made.at(-1)![1]).toBeGreaterThan(1);
      expect((await home.readMetrics()).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await home.readCheckpoint(6)).toEqual(bytesOf(6));
      expect(keys).toBe(0);
      expect(values.get('unspool_cells_total{outcome="done"}')).toBe(1);
      expect(values.get("unspool_checkpoint_failures_total")).toBe(1);
      expect(values.get("unspool_checkpoint_bytes_total")).toBe(
        200_000 * values.get("unspool_checkpoints_total")!,
      );
      expect(values.get("unspool_queue_up")).toBe(1);
      expect(values.get("unspool_queue_wait_seconds_count")).toBe(2);
    },
  );

  test("of a full Redis does so, too, and says what to do", { tags: ["long"] }, async () => {
    const admin = new Redis(server.url);
    let last = 0;
    const { end, told, home } = await throughQueue({
      async onStep(step) {
        last = step;
        if (step === 2) await admin.config("SET", "maxmemory", "1mb");
      },
      alsoOnTold(message) {
        if (!message.includes("Its process is stopped")) return;
        expect(last).toBeLessThan(steps);
        setTimeout(() => void admin.config("SET", "maxmemory", "0"), 300);
      },
    });
    admin.disconnect();
    expect(end).toEqual({ status: "done" });
    expect(told.join("\n")).toMatch(/OOM.*Raise maxmemory of the server.*--store/);
    expect((await home.readMetrics()).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await home.readCheckpoint(6)).toEqual(bytesOf(6));
  });
});

describe.runIf(canRun)("a coordinator that is interrupted", () => {
  test("tells what workers go on with, and what it has taken out of the queue", async () => {
    const own = { ...has, node: "v20.99.0" };
    const controller = new AbortController();
    let goOn = (): void => {};
    let begun = (): void => {};
    const atWork = new Promise<void>((resolve) => (begun = resolve));
    const working = workOnCells({
      ...{ url: server.url, jobs: 1, has: own, signal: controller.signal, lockMs: 1000, onMessage: () => {} },
      refusal: async () => undefined,
      serve: async () => "done" as const,
      run: async () => {
        begun();
        await new Promise<void>((resolve) => (goOn = resolve));
        return { status: "interrupted" };
      },
    });
    const job = { study: "s", config: {}, seed: 0, needs: own };
    const queue = await cellQueue({ url: server.url, job, store: await studyStore(), onMessage: () => {} });
    const stop = new AbortController();
    const hooks = { signal: stop.signal, onEvent: () => {} };
    const first = queue.run("c", { after: [] }, hooks);
    await atWork;
    const others = ["d", "e"].map((cell) => queue.run(cell, { after: [] }, hooks));
    await expect.poll(async () => (await inspectQueue(server.url)).cells.find(({ needs }) => needs.node === own.node)?.waiting).toBe(2); // prettier-ignore
    stop.abort();
    const ends = (await Promise.all([first, ...others])).map(({ status }) => status);
    expect(ends).toEqual(["interrupted", "interrupted", "interrupted"]);
    expect(queue.left()).toEqual({ atWorkers: 1, withdrawn: 2 });
    controller.abort();
    goOn();
    await queue.close();
    await working;
  });
});

test("a hold that is too short is refused", async () => {
  const options = {
    url: "redis://127.0.0.1:1",
    jobs: 1,
    has,
    lockMs: 10,
    signal: new AbortController().signal,
  };
  const rest = {
    onMessage: () => {},
    refusal: async () => undefined,
    serve: async () => "done" as const,
    run: runCell({}),
  };
  await expect(workOnCells({ ...options, ...rest })).rejects.toThrow(/lockMs must be .*500/);
});
