/**
 * A seat at a run: the process that computes some of its units. It follows what the leader says, has the units of its shards
 * in memory, and tells sums. A shard that it gets begins with units from the server and takes the windows since.
 */
import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import type { TileRange } from "unspool/unroll";
import type { ShardRunner } from "unspool/train";
import { queueAddress } from "../queueUrl.ts";
import { type Said, type SeatJob, type Told, decodeSaid, encodeTold, shardKeys } from "./shardJob.ts";

export interface SeatOptions {
  url: string;
  job: Pick<SeatJob, "run" | "shards">;
  /** Id of this seat. */
  seat: string;
  runner: ShardRunner;
  signal: AbortSignal;
  /** After each window. */
  onStep?(step: number): void;
}

/** Units are forgotten after a day. */
const keepSeconds = 86_400;
/** Where there is no sign of a leader, whose own lasts for 15 seconds: a server that was restarted has lost it. */
const patienceMs = 4000;

/** Until the run's leader is done or gone: true; until the signal: false. */
export async function sitAt(options: SeatOptions): Promise<boolean> {
  const { url, job, seat, runner, signal, onStep } = options;
  const { options: address } = queueAddress(url);
  const keys = shardKeys(job.run);
  const ranges = runner.ranges(job.shards);
  const client = new Redis({ ...address, maxRetriesPerRequest: null });
  const reader = client.duplicate();
  for (const each of [client, reader]) each.on("error", () => {});
  const tell = async (told: Told, bytes?: Uint8Array): Promise<void> => {
    await client.rpush(keys.told, encodeTold(told, bytes));
  };
  const shards = shardsOf({ runner, ranges, seat, tell, keys, client, onStep });
  try {
    let last = await newestEntry(client, keys.log);
    // A job that was left behind.
    if ((await client.exists(keys.leader)) === 0) return true;
    await tell({ type: "ready", seat });
    let heardAt = performance.now();
    while (!signal.aborted) {
      const found = await reader.xreadBuffer("COUNT", 64, "BLOCK", 500, "STREAMS", keys.log, last);
      for (const [id, fields] of (found?.[0]?.[1] ?? []) as [Buffer, Buffer[]][]) {
        last = id.toString();
        const said = decodeSaid(fields[1]!.toString());
        if (said.type === "end") {
          await client.unlink(keys.told);
          return true;
        }
        await shards.hear(said, fields[3]);
        if (signal.aborted) return false;
      }
      const now = performance.now();
      if (found !== null || (await client.exists(keys.leader)) === 1) heardAt = now;
      else if (now - heardAt > patienceMs) return true;
    }
    return false;
  } finally {
    for (const each of [client, reader]) each.disconnect();
  }
}

/** What a seat that comes now need not read. */
async function newestEntry(client: Redis, log: string): Promise<string> {
  const [entry] = await client.xrevrange(log, "+", "-", "COUNT", 1);
  return entry?.[0] ?? "0";
}

interface Held {
  /** Steps that its units have taken. */
  at: number;
  /** What was told last of it, in case that it was not heard. */
  latest?: { step: number; message: Buffer };
}

interface ShardsParts {
  runner: ShardRunner;
  ranges: readonly TileRange[];
  seat: string;
  keys: ReturnType<typeof shardKeys>;
  client: Redis;
  tell(told: Told, bytes?: Uint8Array): Promise<void>;
  onStep: SeatOptions["onStep"];
}

function shardsOf({ runner, ranges, seat, keys, client, tell, onStep }: ShardsParts) {
  const held = new Map<number, Held>();
  const assign = async ({ base, seats }: Said & { type: "assign" }): Promise<void> => {
    const own = seats[seat] ?? [];
    for (const shard of held.keys()) if (!own.includes(shard)) held.delete(shard);
    for (const shard of own) {
      const range = ranges[shard];
      if (range === undefined || (held.get(shard)?.at ?? -1) >= base) continue;
      const bytes = await client.getBuffer(keys.units(shard, base));
      if (bytes === null) return tell({ type: "missing", seat });
      runner.load(range, new Uint8Array(bytes));
      held.set(shard, { at: base });
    }
  };
  const window = async (
    step: number,
    hash: string | undefined,
    inline: Buffer | undefined,
  ): Promise<void> => {
    let isShared = false;
    for (const [shard, one] of held) {
      if (one.latest?.step === step) await client.rpush(keys.told, one.latest.message);
      if (one.at !== step) continue;
      if (!isShared) {
        const bytes = hash === undefined ? inline : await client.getBuffer(keys.shared(hash));
        const isRight =
          bytes && (hash === undefined || createHash("sha256").update(bytes).digest("hex") === hash);
        if (!isRight) return tell({ type: "missing", seat });
        runner.share(new Uint8Array(bytes));
        isShared = true;
      }
      const startedAt = performance.now();
      const sums = runner.run(ranges[shard]!);
      const ms = performance.now() - startedAt;
      const message = encodeTold({ type: "sums", seat, shard, step, ms }, new Uint8Array(sums.buffer));
      held.set(shard, { at: step + 1, latest: { step, message } });
      await client.rpush(keys.told, message);
    }
    if (isShared) onStep?.(step + 1);
  };
  const save = async (step: number): Promise<void> => {
    for (const [shard, { at }] of held) {
      if (at !== step) continue;
      const bytes = Buffer.from(runner.save(ranges[shard]!));
      await client.set(keys.units(shard, step), bytes, "EX", keepSeconds);
      await tell({ type: "saved", seat, shard, step });
    }
  };
  return {
    async hear(said: Said, inline: Buffer | undefined): Promise<void> {
      if (said.type === "assign") await assign(said);
      else if (said.type === "window") await window(said.step, said.hash, inline);
      else if (said.type === "save") await save(said.step);
    },
  };
}
