import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { QueueError } from "./connectQueue.ts";
import { inspectQueue } from "./inspectQueue.ts";
import { tellNeeds, tellWorker } from "./registry.ts";
import { type RedisServer, hasRedisServer, redisServer } from "./testing/redisServer.ts";

const canRun = hasRedisServer();
const has = { unspool: "0.1.0", node: "v20.20.2", engine: "compiled", fma: true } as const;
let server: RedisServer;
beforeAll(async () => {
  if (canRun) server = await redisServer("--requirepass", "s3cret", "--maxmemory", "64mb");
});
afterAll(async () => server?.stop());

describe.runIf(canRun)("a queue's state", () => {
  const open = (): string => server.url.replace("//", "//:s3cret@");

  test("is what its server says, with workers and what is wanted", async () => {
    const client = new Redis(open());
    await tellWorker(client, { ...{ id: "a", host: "here", pid: 7, jobs: 2, has }, cells: [], ended: 4 });
    await tellNeeds(client, has);
    const state = await inspectQueue(open());
    client.disconnect();
    expect(state).toMatchObject({
      ...{ address: server.url, eviction: "noeviction", isPersistent: true, memoryLimit: 64 * 2 ** 20 },
      workers: [{ host: "here", ended: 4 }],
      cells: [{ needs: has, waiting: 0, running: 0 }],
    });
    expect(state.server).toMatch(/^(redis|valkey) \d/);
    expect(Math.abs(state.clockMs)).toBeLessThan(1000);
  });

  test("without the password it says so, and does not tell what was tried", async () => {
    await expect(inspectQueue(server.url)).rejects.toThrow(/does not let us in \(NOAUTH/);
    const wrong = inspectQueue(server.url.replace("//", "//:wr0ng@"));
    await expect(wrong).rejects.toThrow(QueueError);
    await wrong.catch(({ message }: Error) => expect(message).not.toContain("wr0ng"));
  });
});

test("where nobody listens it says so, within seconds", async () => {
  await expect(inspectQueue("redis://127.0.0.1:1")).rejects.toThrow(
    /redis:\/\/127\.0\.0\.1:1: the server cannot be reached \(.*ECONNREFUSED/,
  );
});
