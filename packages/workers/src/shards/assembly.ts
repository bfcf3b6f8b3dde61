/**
 * Those who sit at a run, as its leader sees them: who is there, who has which shards, what was said since the units were kept
 * last, and what they tell. Whatever is lost (a worker, a message, keys of a server that was restarted) is said again.
 */
import type { Redis } from "ioredis";
import { UnspoolError } from "unspool";
import { type Said, type ShardKeys, decodeTold } from "./shardJob.ts";

export interface AssemblyOptions {
  client: Redis;
  keys: ShardKeys;
  shards: number;
  signal: AbortSignal | undefined;
  onMessage(message: string): void;
  hash(bytes: Uint8Array): string;
  /** Puts jobs for all seats into the queue that are not in it. */
  offerSeats(): Promise<unknown>;
}

/** Keys are forgotten after a day. */
const keepSeconds = 86_400;
/** Up to here the bytes of a window are in its message. */
const inlineBytes = 16_384;
/** How often it is looked whether seats are still there, while their answers are waited for. */
const lookMs = 500;
/** After so long without an answer everything is said again. */
const againMs = 4000;
const leaderMs = 15_000;
/** So long after it was told to stop, the leader waits for units. */
const graceMs = 400;

interface Window {
  step: number;
  bytes: Uint8Array;
  hash: string | undefined;
}

export class Assembly {
  readonly #options: AssemblyOptions;
  /** Waits for what seats tell. */
  readonly #listener: Redis;
  readonly #beat: NodeJS.Timeout;
  /** All that ever were there. */
  readonly #known = new Set<string>();
  #assigned: ReadonlyMap<string, readonly number[]> = new Map();
  #base = 0;
  #unitsOf: (shard: number) => Uint8Array = () => new Uint8Array();
  /** Since the base. */
  #windows: Window[] = [];
  #hasWarned = false;
  #hasOffered = false;
  #lookedAt = -Infinity;

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#listener = options.client.duplicate();
    this.#listener.on("error", () => {});
    const beat = (): void =>
      void options.client.set(options.keys.leader, "1", "PX", leaderMs).catch(() => {});
    beat();
    this.#beat = setInterval(beat, leaderMs / 5);
    this.#beat.unref();
  }

  get keptBytes(): number {
    return this.#windows.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** From here on: units of each shard before step `base`. */
  async begin(base: number, unitsOf: (shard: number) => Uint8Array): Promise<void> {
    const { client, keys, shards } = this.#options;
    const [before, windows] = [this.#base, this.#windows];
    this.#base = base;
    this.#unitsOf = unitsOf;
    this.#windows = [];
    await this.#keepUnits();
    const old = windows.flatMap(({ hash }) => (hash === undefined ? [] : [keys.shared(hash)]));
    if (before !== base) for (let shard = 0; shard < shards; shard++) old.push(keys.units(shard, before));
    if (old.length > 0) await client.unlink(old);
  }

  /** Has one window computed: sums of all tiles in order. Undefined if told to stop. */
  async window(step: number, bytes: Uint8Array): Promise<Float64Array | undefined> {
    const hash = bytes.length > inlineBytes ? this.#options.hash(bytes) : undefined;
    const window = { step, bytes, hash };
    this.#windows.push(window);
    await this.#sayWindow(window);
    const again = () => this.#sayAll();
    const parts = await this.#collect("sums", step, again);
    if (parts === undefined) {
      this.#windows.pop();
      return undefined;
    }
    const sums = new Float64Array(parts.reduce((sum, { length }) => sum + length / 8, 0));
    let at = 0;
    for (const part of parts) {
      const numbers = new Float64Array(part.slice().buffer);
      sums.set(numbers, at);
      at += numbers.length;
    }
    return sums;
  }

  /** The units of all shards before `step`, which is the next one. Undefined if told to stop and nobody answers. */
  async gather(step: number): Promise<Uint8Array[] | undefined> {
    const { client, keys, shards } = this.#options;
    const ask = () => this.#say({ type: "save", step });
    const again = async () => {
      await this.#sayAll();
      await ask();
    };
    for (;;) {
      await ask();
      if ((await this.#collect("saved", step, again)) === undefined) return undefined;
      const found = await Promise.all(
        Array.from({ length: shards }, (_, shard) => client.getBuffer(keys.units(shard, step))),
      );
      if (found.every((bytes) => bytes !== null)) return found.map((bytes) => new Uint8Array(bytes!));
    }
  }

  async end(): Promise<void> {
    const { client, keys, shards } = this.#options;
    clearInterval(this.#beat);
    this.#listener.disconnect();
    // Of a server that is gone nothing is waited for.
    if (client.status !== "ready") return;
    await this.#say({ type: "end" });
    const old = [
      keys.leader,
      keys.told,
      ...Array.from({ length: shards }, (_, i) => keys.units(i, this.#base)),
    ];
    await client.unlink(old);
    await client.expire(keys.log, 60);
  }

  /** What all shards tell of a step, in their order. */
  async #collect(
    type: "sums" | "saved",
    step: number,
    again: () => Promise<void>,
  ): Promise<Uint8Array[] | undefined> {
    const { shards, signal, keys } = this.#options;
    const parts = new Map<number, Uint8Array>();
    let heardAt = performance.now();
    const startedAt = heardAt;
    const isStopped = (): boolean =>
      signal?.aborted === true && (type === "sums" || performance.now() - startedAt > graceMs);
    while (parts.size < shards) {
      if (isStopped()) return undefined;
      if (await this.#look()) await again();
      const found = await this.#listener.blpopBuffer(keys.told, lookMs / 1000);
      const now = performance.now();
      if (found !== null) {
        const { told, bytes } = decodeTold(found[1]);
        if (told.type === "error") throw new UnspoolError(told.code, told.message, { seat: told.seat });
        if (told.type === "ready" && !this.#known.has(told.seat)) {
          this.#known.add(told.seat);
          this.#lookedAt = -Infinity;
        }
        if (told.type === "missing") await again();
        if (told.type === type && told.step === step && told.shard < shards && !parts.has(told.shard)) {
          parts.set(told.shard, bytes);
          heardAt = now;
        }
      }
      if (now - heardAt < againMs) continue;
      heardAt = now;
      await this.#options.offerSeats();
      if (this.#assigned.size > 0) await again();
      else if (!this.#hasWarned) {
        this.#hasWarned = true;
        this.#options.onMessage(
          "No worker has come yet. Start some: unspool worker --queue URL --jobs N. It is waited for them.",
        );
      }
    }
    return Array.from({ length: shards }, (_, shard) => parts.get(shard)!);
  }

  /** Who is there now; true if shards were given to others, or to somebody for the first time. */
  async #look(): Promise<boolean> {
    const now = performance.now();
    if (now - this.#lookedAt < lookMs) return false;
    this.#lookedAt = now;
    const { client, keys, shards, offerSeats } = this.#options;
    if (!this.#hasOffered) {
      this.#hasOffered = true;
      await offerSeats();
    }
    if (this.#known.size === 0) return false;
    const known = [...this.#known];
    const alive = await Promise.all(known.map((seat) => client.exists(keys.seat(seat))));
    const next = shareOut(
      shards,
      this.#assigned,
      known.filter((_, i) => alive[i] === 1),
    );
    const isSame = JSON.stringify([...next]) === JSON.stringify([...this.#assigned]);
    this.#assigned = next;
    if (!isSame && next.size > 0) this.#hasWarned = false;
    return !isSame && next.size > 0;
  }

  /** All since the base, for whoever does not know it. */
  async #sayAll(): Promise<void> {
    await this.#keepUnits();
    await this.#say({ type: "assign", base: this.#base, seats: Object.fromEntries(this.#assigned) });
    for (const window of this.#windows) await this.#sayWindow(window);
  }

  /** Units on the server, also on one that has forgotten them. */
  async #keepUnits(): Promise<void> {
    const { client, keys, shards } = this.#options;
    for (let shard = 0; shard < shards; shard++) {
      const key = keys.units(shard, this.#base);
      if ((await client.exists(key)) === 1) continue;
      await client.set(key, Buffer.from(this.#unitsOf(shard)), "EX", keepSeconds);
    }
  }

  async #sayWindow({ step, bytes, hash }: Window): Promise<void> {
    const { client, keys } = this.#options;
    if (hash === undefined) return this.#say({ type: "window", step }, bytes);
    if ((await client.exists(keys.shared(hash))) === 0)
      await client.set(keys.shared(hash), Buffer.from(bytes), "EX", keepSeconds);
    return this.#say({ type: "window", step, hash });
  }

  async #say(said: Said, bytes?: Uint8Array): Promise<void> {
    const { client, keys } = this.#options;
    const fields: (string | Buffer)[] = ["said", JSON.stringify(said)];
    if (bytes !== undefined) fields.push("bytes", Buffer.from(bytes));
    await client.xadd(keys.log, "MAXLEN", "~", 10_000, "*", ...fields);
  }
}

/** Shards for those who are there: as equal as can be, and each where it is, if it may be. */
export function shareOut(
  shards: number,
  before: ReadonlyMap<string, readonly number[]>,
  seats: readonly string[],
): Map<string, readonly number[]> {
  const present = seats.slice(0, shards);
  if (present.length === 0) return new Map();
  const least = Math.floor(shards / present.length);
  let larger = shards - least * present.length;
  const kept = new Map<string, number[]>();
  const isTaken = new Set<number>();
  // Whoever has most keeps one more.
  const byCount = present.toSorted((a, b) => (before.get(b)?.length ?? 0) - (before.get(a)?.length ?? 0));
  for (const seat of byCount) {
    const most = least + (larger > 0 ? 1 : 0);
    if (most > least) larger--;
    const own = (before.get(seat) ?? []).slice(0, most);
    for (const shard of own) isTaken.add(shard);
    kept.set(seat, own);
  }
  const free = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !isTaken.has(shard));
  let extra = shards - least * present.length;
  for (const seat of byCount) {
    const own = kept.get(seat)!;
    const most = least + (extra > 0 ? 1 : 0);
    if (most > least) extra--;
    while (own.length < most) own.push(free.shift()!);
  }
  return new Map([...kept].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
