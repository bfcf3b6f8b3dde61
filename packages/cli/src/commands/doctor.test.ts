import { expect, test } from "vitest";
import type { QueueState } from "@unspool/workers";
import { findingsOf } from "./doctor.ts";

const has = { unspool: "0.1.0", node: "v20.20.2", engine: "compiled", fma: true } as const;
const worker = {
  ...{ id: "a", host: "here", pid: 7, jobs: 2, has, cells: [], ended: 0, at: 0 },
  clockMs: 10,
};
const well: QueueState = {
  ...{ address: "redis://127.0.0.1:6379", server: "redis 7.0.15", roundTripMs: 0.4, clockMs: -3 },
  ...{ eviction: "noeviction", memoryLimit: 0, memory: 2 ** 21, isPersistent: true },
  ...{ workers: [worker], cells: [{ needs: has, waiting: 3, running: 1 }] },
};
const told = (change: Partial<QueueState>) =>
  findingsOf({ ...well, ...change }).filter(({ verdict }) => verdict !== "good");

test("a queue that is as it must be has nothing to tell", () => {
  expect(told({})).toEqual([]);
});

test.each<[string, Partial<QueueState>, string, string]>([
  ["a server that drops keys", { eviction: "allkeys-lru" }, "bad", "Write: CONFIG SET maxmemory-policy noeviction"],
  ["a server that does not tell", { eviction: undefined }, "note", "it must be noeviction"],
  ["a server without a disk", { isPersistent: false }, "note", "Write: CONFIG SET appendonly yes"],
  ["a server that is nearly full", { memory: 90 * 2 ** 20, memoryLimit: 100 * 2 ** 20 }, "bad", "90 MB of 100 MB in use"],
  ["another clock", { clockMs: 65_000 }, "note", "65 s ahead of the server"],
  ["a worker's clock", { workers: [{ ...worker, clockMs: -9000 }] }, "note", "here, process 7, is -9 s ahead"],
  ["cells of another Node", { cells: [{ needs: { ...has, node: "v22.1.0" }, waiting: 2, running: 0 }] }, "bad", "there is no worker with Unspool 0.1.0, Node v22.1.0, compiled, for which cells wait: 2"],
])("%s", (_, change, verdict, text) => {
  expect(told(change)).toEqual([expect.objectContaining({ verdict, text: expect.stringContaining(text) as string })]);
}); // prettier-ignore

test("cells without any worker are told twice: of whom there is none, and what waits", () => {
  expect(told({ workers: [] }).map(({ about, verdict }) => [about, verdict])).toEqual([
    ["workers", "note"],
    ["cells", "bad"],
  ]);
});
