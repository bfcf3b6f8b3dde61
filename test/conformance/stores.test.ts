/** Every store of runs through the conformance suite, and stores that break a promise, which fail the check of it. */
import fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunStoreSubject, runStoreConformance } from "unspool/conformance";
import { type RunStore, memoryStore } from "unspool/train";
import { folderPlace, interceptFiles } from "./folderPlace.ts";

const memory = (change: (store: RunStore) => Partial<RunStore> = () => ({})): RunStoreSubject => ({
  name: "memoryStore",
  place() {
    const whole = memoryStore();
    const store = { ...whole, ...change(whole) };
    return { open: () => store, close: async () => {} };
  },
});

const folder: RunStoreSubject = {
  name: "folderStore",
  place: () => folderPlace(),
  // All of them by `npm run test:robustness`.
  stride: process.env["UNSPOOL_LONG_TESTS"] ? 1 : 12,
};

const memoryChecks = await runStoreConformance(memory());
const folderChecks = await runStoreConformance(folder);
test.each(memoryChecks.map(({ name, run }) => [name, run] as const))("%s", (_, run) => run());

describe("of files that fail", () => {
  let restore: () => void;
  beforeAll(() => void (restore = interceptFiles()));
  afterAll(() => restore());
  test.each(folderChecks.map(({ name, run }) => [name, run] as const))("%s", (_, run) => run());

  const broken: [string, (store: RunStore, dir: string) => Partial<RunStore>, string][] = [
    [
      "dies in the middle of any write",
      (store, dir) => ({
        writeCheckpoint: async (step, bytes) => {
          await store.writeCheckpoint(step, bytes);
          await fs.promises.writeFile(
            join(dir, "checkpoints", `${String(step).padStart(8, "0")}.safetensors`),
            bytes,
          );
        },
      }),
      "is not what was written, all of it",
    ],
    [
      "a full medium",
      (store) => ({ appendMetrics: (records) => store.appendMetrics(records).catch(() => {}) }),
      "not the record of step",
    ],
    [
      "a slow medium",
      (store) => ({
        appendMetrics: async (records) =>
          void setTimeout(() => store.appendMetrics(records).catch(() => {}), 200),
      }),
      "metrics",
    ],
    ["a dead holder's run", (store) => ({ hold: () => store.hold(() => {}) }), "that was told 0 times"],
  ];
  test.each(broken)(
    "a store that breaks a promise fails: %s",
    { tags: ["long"] },
    async (promise, change, message) => {
      const checks = await runStoreConformance({ ...folder, stride: 1, place: () => folderPlace(change) });
      await expect(checks.find(({ name }) => name.includes(promise))!.run()).rejects.toThrow(message);
    },
  );
});

describe("a store that breaks a promise fails the check of it", () => {
  const broken: [string, (store: RunStore) => Partial<RunStore>, string][] = [
    ["a place without a run", () => ({ readArtifact: async () => null }), "an empty place tells of"],
    ["a whole run is read again", () => ({ updateManifest: async () => {} }), "the status is running"],
    [
      "is a copy",
      (store) => {
        const kept = new Map<number, Uint8Array>();
        return {
          writeCheckpoint: async (step, bytes) =>
            void (await store.writeCheckpoint(step, bytes), kept.set(step, bytes)),
          readCheckpoint: async (step) => kept.get(step)!,
        };
      },
      "a checkpoint changes with the bytes",
    ],
    [
      "a second run is refused",
      (store) => ({
        create: async (manifest) => void (await store.discard(), await store.create(manifest)),
      }),
      "did not throw",
    ],
    ["one holds the run", () => ({ hold: async () => {} }), "did not throw"],
    [
      "metrics keep their order",
      (store) => ({ appendMetrics: (records) => store.appendMetrics(records.toReversed()) }),
      "not read in their order",
    ],
    [
      "checkpoints are listed newest first",
      (store) => ({ listCheckpoints: async () => (await store.listCheckpoints()).toSorted() }),
      "it lists",
    ],
    [
      "rewind forgets",
      (store) => ({
        rewind: async (step) => {
          const figures = await store.readArtifact("figures");
          await store.rewind(step);
          await store.writeArtifact("figures", figures);
        },
      }),
      "has left the evaluation or the figures",
    ],
    ["came to nothing is removed", (store) => ({ discard: store.release }), "an empty place tells of"],
  ];
  test.each(broken)("%s", async (promise, change, message) => {
    const checks = await runStoreConformance(memory(change));
    await expect(checks.find(({ name }) => name.includes(promise))!.run()).rejects.toThrow(message);
  });
});
