/** The store on Redis through the conformance suite, and what is its own: limits and expiry. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunStoreSubject, type WriteFate, runStoreConformance } from "unspool/conformance";
import { StoreError } from "unspool/train";
import { queueAddress } from "./queueUrl.ts";
import { type RedisStoreOptions, redisStore } from "./redisStore.ts";
import { type BlobStore, BlobsFullError, blobStore } from "./blobs/blobStore.ts";
import { s3Blobs } from "./blobs/s3Blobs.ts";
import { type S3Server, keys, s3Server } from "./testing/s3Server.ts";
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
/** Without `open`: the bytes of checkpoints are on the server. `tear` leaves what a dying writer of them leaves. */
const subjectOf = (
  what: string,
  stride: number,
  open?: () => Promise<BlobStore>,
  tear: (run: string, bytes: Uint8Array) => void = () => {},
): RunStoreSubject => ({
  name: what,
  // All of them by `npm run test:robustness`.
  stride: process.env["UNSPOOL_LONG_TESTS"] ? 1 : stride,
  async place() {
    const name = `place-${places++}`;
    let fateOf: () => WriteFate | Promise<WriteFate> = () => "pass";
    const whole = await open?.();
    const fail = (fate: WriteFate): void => {
      if (fate === "lost" || fate === "torn") throw new Error("the process has ended");
      if (fate === "full") throw new BlobsFullError("ENOSPC: no space left on device");
    };
    const blobs: BlobStore | undefined = whole && {
      ...whole,
      async put(...args) {
        const fate = await fateOf();
        if (fate === "torn") tear(name, args[2]);
        fail(fate);
        return whole.put(...args);
      },
      async remove(...args) {
        const fate = await fateOf();
        fail(fate === "full" ? "pass" : fate);
        return whole.remove(...args);
      },
    };
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
      open: () => redisStore(failing, name, blobs && { blobs }),
      async close() {
        const left = (await whole?.list(name)) ?? [];
        const needed = await client.hvals(`unspool:{${name}}:run`);
        // Of a run that is whole, every piece is needed; of one that died, the next holder removes the others.
        await client.del(`unspool:{${name}}:held`);
        const heir = redisStore(client, name, whole && { blobs: whole });
        await heir.hold(() => {});
        const kept = (await whole?.list(name)) ?? [];
        expect(
          kept.every((each) => left.includes(each) && needed.some((value) => value.startsWith(each))),
        ).toBe(true);
        await client.flushdb();
        for (const each of kept) await whole!.remove(name, each);
      },
      intercept: (asked) => void (fateOf = asked),
      buryHolder: async () => void (await client.del(`unspool:{${name}}:held`)),
    };
  },
});

const root = mkdtempSync(join(tmpdir(), "unspool-blobs-"));
let s3: S3Server;
beforeAll(async () => void (s3 = await s3Server()));
afterAll(async () => {
  await s3.stop();
  rmSync(root, { recursive: true, force: true });
});

/** As a process leaves it that dies in the middle of `writeAtomically`. */
const tearFile = (run: string, bytes: Uint8Array): void => {
  mkdirSync(join(root, run), { recursive: true });
  writeFileSync(join(root, run, "0.0.1-0.tmp"), bytes.subarray(bytes.length >> 1));
};

const subjects: [string, RunStoreSubject, string[]][] = [
  ["redisStore", subjectOf("redisStore", 4), []],
  ["redisStore with a folder", subjectOf("with a folder", 16, () => blobStore(root), tearFile), ["long"]],
  [
    "redisStore with S3",
    subjectOf("with S3", 7, () => s3Blobs(`s3://bucket/runs?endpoint=${s3.url}`, keys)),
    ["long"],
  ],
];

describe.runIf(canRun)("redisStore", () => {
  for (const [what, subject, tags] of subjects)
    test(`${what} keeps all promises of a run store`, { tags }, async () => {
      for (const { run } of await runStoreConformance(subject)) await run();
    });

  test("with a folder keeps only names on the server, and removes what nobody needs any more", async () => {
    const blobs = await blobStore(join(root, "names"));
    const store = redisStore(client, "named", { blobs });
    await store.create(manifest);
    const steps = [0, 1, 2, 3].map((step) => new Uint8Array(100_000).fill(step));
    for (const [step, bytes] of steps.entries()) await store.writeCheckpoint(step, bytes);
    // The same bytes once more stay.
    await store.writeCheckpoint(3, steps[3]!);
    expect(await store.readCheckpoint(3)).toEqual(steps[3]);
    expect(await blobs.list("named")).toHaveLength(2);
    expect(await client.hget("unspool:{named}:run", "checkpoint:3")).toMatch(
      /^[0-9a-f]{64}\.[0-9a-f-]{36} 100000$/,
    );
    expect(await client.keys("unspool:{named}:bytes:*")).toEqual([]);
    const other = redisStore(client, "named").readCheckpoint(3);
    await expect(other).rejects.toThrow(
      /is kept in another store. Give the one that its worker had: --store/,
    );
    const [piece = ""] = await blobs.list("named");
    await blobs.put("named", piece, new Uint8Array(5));
    const reads = [2, 3].map((step) => store.readCheckpoint(step));
    const outcomes = (await Promise.allSettled(reads)).map(({ status }) => status);
    expect(outcomes.toSorted()).toEqual(["fulfilled", "rejected"]);
    await store.discard();
    expect(await blobs.list("named")).toEqual([]);
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
