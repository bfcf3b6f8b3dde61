/** The store on Redis through the conformance suite, and what is its own: limits and expiry. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunStoreSubject, type WriteFate, runStoreConformance } from "unspool/conformance";
import { StoreError } from "unspool/train";
import { queueAddress } from "./queueUrl.ts";
import { type RedisStoreOptions, redisStore } from "./redisStore.ts";
import { type RedisServer, hasRedisServer, redisServer } from "./testing/redisServer.ts";

const canRun = hasRedisServer();
let server: RedisServer;
let client: Redis;
beforeAll(async () => {
  if (!canRun) return;
  server = await redisServer();
  client = new Redis(queueAddress(server.url).options);
});
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

let places = 0;
const subject: RunStoreSubject = {
  name: "redisStore",
  // All of them by `npm run test:robustness`.
  stride: process.env["UNSPOOL_LONG_TESTS"] ? 1 : 4,
  place() {
    const name = `place-${places++}`;
    let fateOf: () => WriteFate | Promise<WriteFate> = () => "pass";
    const failing = new Proxy(client, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (property !== "eval") return typeof value === "function" ? value.bind(target) : value;
        return async (...args: Parameters<Redis["eval"]>) => {
          const fate = await fateOf();
          // A script is done whole or not at all.
          if (fate === "lost" || fate === "torn") throw new Error("Connection is closed.");
          if (fate === "full") throw new Error("OOM command not allowed when used memory > 'maxmemory'.");
          return target.eval(...args);
        };
      },
    });
    return {
      open: () => redisStore(failing, name),
      close: async () => void (await client.flushdb()),
      intercept: (asked) => void (fateOf = asked),
      buryHolder: async () => void (await client.del(`unspool:{${name}}:held`)),
    };
  },
};

describe.runIf(canRun)("redisStore", () => {
  test("keeps all promises of a run store", async () => {
    for (const { run } of await runStoreConformance(subject)) await run();
  });

  const small = (options: RedisStoreOptions) => redisStore(client, "small", options);
  const manifest = { experiment: "x", config: {}, seed: 0, steps: 1, status: "running", startedAt: "", updatedAt: "" } as const; // prettier-ignore

  test("refuses a checkpoint beyond its limit, and says what helps", async () => {
    const store = small({ sizeLimit: 1000 });
    await store.create(manifest);
    const error: unknown = await store
      .writeCheckpoint(1, new Uint8Array(1001))
      .catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toContain("takes 1001 bytes, and the store takes 1000 at once. Raise");
    await store.discard();
    expect(await client.keys("unspool:{small}*")).toEqual([]);
  });

  test("of a server that is full says so, and keeps what was there", async () => {
    const store = small({});
    await store.create(manifest);
    await store.writeCheckpoint(0, new Uint8Array(10));
    await client.config("SET", "maxmemory", "1mb");
    const error: unknown = await store.writeCheckpoint(1, new Uint8Array(9)).catch((each: unknown) => each);
    await client.config("SET", "maxmemory", "0");
    expect((error as StoreError).details).toMatchObject({ reason: "write", isFull: true });
    expect(await store.listCheckpoints()).toEqual([0]);
    await store.discard();
  });

  test(
    "forgets a run that nobody writes, with the bytes of its checkpoints",
    { tags: ["long"] },
    async () => {
      const store = small({ expirySeconds: 1, holdMs: 100 });
      await store.create(manifest);
      await store.writeCheckpoint(0, new Uint8Array(10));
      await store.release();
      await expect.poll(() => client.keys("unspool:{small}*"), { timeout: 5000 }).toEqual([]);
    },
  );
});

test("an address is told without its password, and a wrong one is not told at all", () => {
  const { options, shown } = queueAddress("rediss://me:s%40cret@example.org:7000/3");
  expect(options).toEqual({
    host: "example.org",
    port: 7000,
    db: 3,
    username: "me",
    password: "s@cret",
    tls: {},
  });
  expect(shown).toBe("rediss://example.org:7000/3");
  expect(() => queueAddress("http://me:secret@x")).toThrow(/^(?!.*secret).*rediss:/s);
});
