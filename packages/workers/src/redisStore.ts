/**
 * A run on Redis: manifest, metrics as a list of lines, checkpoints as raw bytes under their hash. Every change is one
 * script, which Redis does whole or not at all, and which first asks whether the run is still this store's: one that has
 * slept for long, and whose run was taken over, writes nothing more.
 *
 *     PREFIX:{NAME}:run          hash: manifest, artifact:NAME, checkpoint:STEP = HASH of its bytes
 *                                (with blobs: HASH.ID and their number), owner, ownerName
 *     PREFIX:{NAME}:metrics      list: one line per outer step
 *     PREFIX:{NAME}:held         id of the holder; expires unless that one renews it
 *     PREFIX:{NAME}:bytes:HASH   the bytes of checkpoints
 *
 * With `blobs` the bytes are kept there, as HASH.ID with the id of the holder that wrote them, before the script that
 * names them. Nobody else ever writes such a name, so a holder may remove what it has listed and what the run does not
 * name: what dead ones have left.
 */
import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { OptionError, requireInteger, requireKnownOptions } from "unspool";
import {
  type RunManifest,
  type RunStore,
  StoreError,
  type StoreFailure,
  type StepRecord,
  decodeState,
  encodeState,
} from "unspool/train";
import { type BlobStore, BlobsAwayError, BlobsFullError } from "./blobs/blobStore.ts";
import { scripts } from "./redisScripts.ts";

export interface RedisStoreOptions {
  /** First part of the keys. Default `unspool`. */
  prefix?: string;
  /** Checkpoints to keep, newest first. Default 2. */
  keepCheckpoints?: number;
  /** A run that nobody has written for so long is forgotten. Default 604800: a week. */
  expirySeconds?: number;
  /** Bytes that one checkpoint, or one text, may take. Default 256 MiB, or 4 GiB with `blobs`; Redis itself takes 512 MiB. */
  sizeLimit?: number;
  /** Where the bytes of checkpoints are kept. Default: on the server itself. */
  blobs?: BlobStore;
  /** A holder that is not heard of for so long is taken for dead. Default 30000. */
  holdMs?: number;
}

/** A store of the run `name` on the server that `client` is connected to, which the caller closes. */
export function redisStore(client: Redis, name: string, options: RedisStoreOptions = {}): RunStore {
  requireKnownOptions("redisStore", options, [
    "prefix",
    "keepCheckpoints",
    "expirySeconds",
    "sizeLimit",
    "blobs",
    "holdMs",
  ]);
  const { prefix = "unspool", keepCheckpoints = 2, expirySeconds = 604_800 } = options;
  const { blobs, sizeLimit = (blobs === undefined ? 1 : 16) * 256 * 2 ** 20, holdMs = 30_000 } = options;
  for (const [option, value] of Object.entries({ keepCheckpoints, expirySeconds, sizeLimit, holdMs }))
    requireInteger("redisStore", option, value, 1);
  if (blobs !== undefined && !/^\w[\w.-]*$/.test(name))
    throw new OptionError("redisStore", "name", name, "letters, digits, _, - and . only, where blobs are kept elsewhere"); // prettier-ignore
  const base = `${prefix}:{${name}}`;
  const keys = [`${base}:run`, `${base}:metrics`, `${base}:held`, `${base}:bytes:`] as const;
  const [runKey, metricsKey, , bytesKey] = keys;
  const id = randomUUID();
  let beat: NodeJS.Timeout | undefined;

  /** `undefined` where it was done; otherwise who holds the run, or what stands in the way. */
  const run = async (script: keyof typeof scripts, ...args: (string | number | Uint8Array)[]) => {
    const given = args.map((each) => (each instanceof Uint8Array ? Buffer.from(each) : each));
    return client.eval(scripts[script], keys.length, ...keys, id, holdMs, expirySeconds, ...given);
  };
  /** What the script names beside that it was done: pieces of bytes. */
  const write = (
    script: keyof typeof scripts,
    ...args: (string | number | Uint8Array)[]
  ): Promise<string[]> =>
    guarded("write", base, async () => {
      const answer: unknown = await run(script, ...args);
      const [outcome, ...names] = Array.isArray(answer) ? answer.map(String) : [String(answer)];
      if (outcome !== "OK") throw takenOver(base, outcome!);
      return names.map((each) => each.split(" ")[0]!);
    });
  const change = async (...args: Parameters<typeof write>): Promise<void> => void (await write(...args));
  /** Pieces that nobody needs any more. One that stays is removed by the next holder. */
  const drop = async (names: readonly string[]): Promise<void> => {
    for (const each of names) if (each.includes(".")) await blobs?.remove(name, each).catch(() => {});
  };
  const sweep = async (): Promise<void> => {
    const there = (await blobs?.list(name).catch(() => [])) ?? [];
    if (there.length === 0) return;
    // After the list: pieces of one that has taken over since then are not in it.
    const needed = new Set(await write("pieces"));
    await drop(there.filter((each) => !needed.has(each)));
  };
  const limited = <T extends string | Uint8Array>(what: string, data: T): T => {
    const size = typeof data === "string" ? Buffer.byteLength(data) : data.length;
    if (size <= sizeLimit) return data;
    const problem = `${what} takes ${size} bytes, and the store takes ${sizeLimit} at once. Raise sizeLimit, or keep the run in a folder.`;
    throw new StoreError(base, "write", problem, { size, sizeLimit });
  };
  const field = async (of: string): Promise<unknown> => {
    const text = await client.hget(runKey, of);
    return text === null ? undefined : JSON.parse(text);
  };
  const readManifest = async (): Promise<RunManifest | undefined> => {
    const found = (await field("manifest")) as (RunManifest & { config: never }) | undefined;
    return found && { ...found, config: decodeState(found.config) };
  };
  const textOf = (manifest: RunManifest): string =>
    limited("the manifest", JSON.stringify({ ...manifest, config: encodeState(manifest.config, "config").structure })); // prettier-ignore
  const readMetrics = async (): Promise<StepRecord[]> =>
    (await client.lrange(metricsKey, 0, -1)).map((line) => JSON.parse(line) as StepRecord);
  const startBeat = (): void => {
    clearInterval(beat);
    // Who cannot be reached now is asked again; a write says what has become of the hold.
    beat = setInterval(() => void run("renew").catch(() => {}), holdMs / 3);
    beat.unref();
  };
  const ownerName = JSON.stringify(`process ${process.pid} on ${hostname()} (since ${new Date().toISOString()})`); // prettier-ignore

  return {
    name: base,
    create: (manifest) =>
      guarded("write", base, async () => {
        const answer = await run("create", ownerName, textOf(manifest));
        if (answer !== "OK")
          throw new StoreError(base, "exists", "it already holds a run. Use another name.");
        startBeat();
        await sweep();
      }),
    hold: (onTakeover) =>
      guarded("write", base, async () => {
        const [outcome, owner] = (await run("hold", ownerName)) as [string, string];
        if (outcome === "BUSY") throw busy(base, owner);
        if (outcome === "TAKEN")
          onTakeover(`${base}: ${nameOf(owner)} is not heard of any more; its run was taken over.`);
        startBeat();
        await sweep();
      }),
    release: () =>
      guarded("write", base, async () => {
        clearInterval(beat);
        await run("release");
      }),
    discard: async () => {
      await change("discard");
      clearInterval(beat);
      await drop((await blobs?.list(name).catch(() => [])) ?? []);
    },
    readManifest: () => guarded("read", base, readManifest),
    updateManifest: (changes) =>
      guarded("write", base, async () => {
        const manifest = await readManifest();
        if (manifest === undefined)
          throw new StoreError(base, "write", "it was removed while the run went on, or has expired.");
        await change("set", "manifest", textOf({ ...manifest, ...changes }));
      }),
    appendMetrics: (records) =>
      change("append", ...records.map((record) => limited("a record", JSON.stringify(record)))),
    readMetrics: () => guarded("read", base, readMetrics),
    writeCheckpoint: (step, bytes) => {
      const hash = createHash("sha256").update(bytes).digest("hex");
      return guarded("write", base, async () => {
        limited(`the checkpoint of step ${step}`, bytes);
        const piece = `${hash}.${id}`;
        await blobs?.put(name, piece, bytes);
        const [kept, sent] = blobs ? [`${piece} ${bytes.length}`, new Uint8Array()] : [hash, bytes];
        const dropped = await write("checkpoint", step, kept, sent, keepCheckpoints, blobs ? 1 : 0);
        await drop(dropped.filter((each) => each !== piece));
      });
    },
    listCheckpoints: () =>
      guarded("read", base, async () => {
        const fields = await client.hkeys(runKey);
        const steps = fields.flatMap((each) => /^checkpoint:(\d+)$/.exec(each)?.[1] ?? []).map(Number);
        return steps.toSorted((a, b) => b - a);
      }),
    readCheckpoint: (step) =>
      guarded("read", base, async () => {
        const [piece = "", size] = (await client.hget(runKey, `checkpoint:${step}`))?.split(" ") ?? [];
        if (size !== undefined && blobs === undefined) throw elsewhere(base, step);
        const [hash] = piece.split(".");
        const bytes =
          size === undefined ? await client.getBuffer(bytesKey + hash) : await blobs!.get(name, piece);
        if (bytes === null || bytes === undefined)
          throw new StoreError(base, "read", `no checkpoint of step ${step}.`);
        if (createHash("sha256").update(bytes).digest("hex") !== hash)
          throw new StoreError(base, "read", `the checkpoint of step ${step} does not match its hash.`);
        return new Uint8Array(bytes);
      }),
    checkpointName: (step) => `checkpoint ${step} of ${base}`,
    rewind: (step) =>
      guarded("write", base, async () => {
        const kept = (await readMetrics()).filter((record) => record.step <= step).length;
        await drop(await write("rewind", step, kept));
      }),
    writeArtifact: (artifact, value) =>
      guarded("write", base, () =>
        change("set", `artifact:${artifact}`, limited(`the ${artifact}`, JSON.stringify(value))),
      ),
    readArtifact: (artifact) => guarded("read", base, () => field(`artifact:${artifact}`)),
  };
}

/** Runs `body`; what the server or the network says becomes a `StoreError`. */
async function guarded<T>(reason: StoreFailure, base: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof Error)) throw error;
    const isServerFull = error.message.startsWith("OOM");
    const isFull = isServerFull || error instanceof BlobsFullError;
    const hint = isServerFull
      ? " Raise maxmemory of the server, or keep checkpoints elsewhere: --store DIR or s3://BUCKET/PREFIX."
      : isFull
        ? " Make room where --store keeps checkpoints."
        : "";
    const action = reason === "write" ? "written" : "read";
    const problem = `it could not be ${action} (${error.message}).${hint}`;
    const isAway = error instanceof BlobsAwayError;
    throw Object.assign(new StoreError(base, reason, problem, { isFull, isAway }), { cause: error });
  }
}

const nameOf = (owner: string): string => (owner === "" ? "another process" : (JSON.parse(owner) as string));

const busy = (base: string, owner: string): StoreError =>
  new StoreError(
    base,
    "busy",
    `it is being written by ${nameOf(owner)}. Wait until that has ended, or stop it; then resume the run.`,
  );

const elsewhere = (base: string, step: number): StoreError =>
  new StoreError(base, "read", `the checkpoint of step ${step} is kept in another store. Give the one that its worker had: --store.`); // prettier-ignore

const takenOver = (base: string, owner: string): StoreError =>
  new StoreError(base, "busy", `it was taken over by ${nameOf(owner)}. Nothing more is written here.`);
