/**
 * What goes through the queue for a run whose units are computed by workers: a seat at it. Whoever takes a seat sets the same
 * experiment up, from names, a config and hashes; which units it computes is said by the leader of the run, who has theta.
 */
import { JobError, type CellJob, need, recordOf, requireCommon, requireSize } from "../cellJob.ts";

export const seatJobName = "seat";

export interface SeatJob extends Pick<CellJob, "protocol" | "file" | "config" | "seed" | "needs"> {
  /** Name of the experiment. */
  experiment: string;
  /** Into how many shards the units are divided. */
  shards: number;
  /** Of this sitting: the first part of its keys on the server. 16 hexadecimal digits. */
  run: string;
}

/** More than there are tiles in any program that fits into memory. */
const mostShards = 100_000;

/** The job, or `JobError` that says what is wrong in it. */
export function requireSeatJob(given: unknown): SeatJob {
  requireSize(given);
  const job = recordOf("a job", given, ["protocol", "experiment", "file", "config", "seed", "shards", "needs", "run"]); // prettier-ignore
  requireCommon(job);
  const { experiment, shards, run } = job;
  need("experiment", typeof experiment === "string" && experiment.length <= 200);
  need("shards", Number.isSafeInteger(shards) && (shards as number) >= 1 && (shards as number) <= mostShards);
  need("run", typeof run === "string" && /^[0-9a-f]{16}$/.test(run));
  return given as SeatJob;
}

/** Keys of a run on the server, where they are forgotten after a while. */
export interface ShardKeys {
  /** Stream: what the leader says to all seats, in order. */
  readonly log: string;
  /** List: what seats have to tell. */
  readonly told: string;
  /** There as long as the leader is. */
  readonly leader: string;
  /** There as long as the process with the seat is. */
  seat(id: string): string;
  /** Units of a shard before a step. */
  units(shard: number, step: number): string;
  /** What units share in a window, by the hash of its bytes. */
  shared(hash: string): string;
}

export function shardKeys(run: string): ShardKeys {
  const base = `unspool:shards:{${run}}`;
  return {
    log: `${base}:log`,
    told: `${base}:told`,
    leader: `${base}:leader`,
    seat: (id) => `${base}:seat:${id}`,
    units: (shard, step) => `${base}:units:${shard}:${step}`,
    shared: (hash) => `${base}:shared:${hash}`,
  };
}

/** What the leader says. */
export type Said =
  /** Seats by id, with the shards that each computes from now on; shards that are new to a seat begin before step `base`. */
  | { type: "assign"; base: number; seats: Readonly<Record<string, readonly number[]>> }
  /** The window of a step; its bytes are in the entry, or under their hash. */
  | { type: "window"; step: number; hash?: string }
  /** Units before the step are kept. */
  | { type: "save"; step: number }
  | { type: "end" };

/** What a seat tells. */
export type Told =
  | { type: "ready"; seat: string }
  /** Followed by the sums of the shard's tiles. */
  | { type: "sums"; seat: string; shard: number; step: number; ms: number }
  | { type: "saved"; seat: string; shard: number; step: number }
  /** What it needs is not on the server. */
  | { type: "missing"; seat: string }
  | { type: "error"; seat: string; code: string; message: string };

export function encodeTold(told: Told, bytes?: Uint8Array): Buffer {
  const header = Buffer.from(JSON.stringify(told));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, ...(bytes === undefined ? [] : [bytes])]);
}

/** Throws `JobError` for what no seat tells. */
export function decodeTold(bytes: Buffer): { told: Told; bytes: Uint8Array } {
  const length = bytes.length >= 4 ? bytes.readUInt32LE() : Infinity;
  if (length > bytes.length - 4 || length > 10_000) throw new JobError("a message has no header");
  const told = parsed(bytes.subarray(4, 4 + length).toString()) as Told;
  const fields = { ready: [], sums: ["shard", "step", "ms"], saved: ["shard", "step"], missing: [], error: ["code", "message"] }[told.type]; // prettier-ignore
  if (fields === undefined) throw new JobError("a message is of no known type");
  recordOf("a message", told, ["type", "seat", ...fields]);
  need("seat", typeof told.seat === "string" && told.seat.length <= 100);
  if ("shard" in told) {
    need("shard", Number.isSafeInteger(told.shard) && told.shard >= 0);
    need("step", Number.isSafeInteger(told.step) && told.step >= 0);
  }
  const rest = new Uint8Array(bytes.subarray(4 + length));
  need("sums", told.type !== "sums" || rest.length % 8 === 0);
  return { told, bytes: rest };
}

/** Throws `JobError` for what no leader says. */
export function decodeSaid(text: string): Said {
  const given: unknown = parsed(text);
  recordOf("a message", given, ["type", "base", "seats", "step", "hash"]);
  const said = given as Said;
  need("type", ["assign", "window", "save", "end"].includes(said.type));
  if (said.type === "assign") {
    need("base", Number.isSafeInteger(said.base));
    const isShards = (list: unknown): boolean => Array.isArray(list) && list.every(Number.isSafeInteger);
    need("seats", typeof said.seats === "object" && Object.values(said.seats).every(isShards));
  } else if (said.type !== "end") need("step", Number.isSafeInteger(said.step));
  if (said.type === "window") need("hash", said.hash === undefined || /^[0-9a-f]{64}$/.test(said.hash));
  return said;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JobError("a message is no JSON");
  }
}
