/**
 * The lock of a run's folder: `run.lock`, which says who writes the run. It appears whole or not at all (a link to a
 * finished file), its owner touches it every few seconds, and a new owner takes it away from one that is dead.
 *
 * On the owner's machine the process table says whether it lives, at once. Elsewhere (a shared file system) only the
 * heartbeat can: ages are differences of times of the file system, so clocks of machines need not agree.
 */
import * as fs from "node:fs/promises";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import { StoreError } from "../store.ts";
import { createExclusively } from "./writeAtomically.ts";

export const lockName = "run.lock";

const heartbeatMs = 5000;
/** Without a heartbeat for so long, an owner that cannot be asked is taken for dead. Steps block a thread's timers. */
const silenceMs = 120_000;
/** A lock without an owner is one that is being written, on file systems without links. */
const unfinishedMs = 2000;
const maxAttempts = 20;

export interface LockOwner {
  /** Of this taking of the lock. */
  id: string;
  pid: number;
  /** 0 in the main thread. */
  thread: number;
  host: string;
  /** Start of the process as the system counts it, where it says so: process numbers are used again. */
  processStart: string;
  /** When the lock was taken, ISO 8601. */
  since: string;
}

export interface RunLock {
  /** Throws `StoreError` ("busy") if another process has taken the run over. */
  requireHeld(): Promise<void>;
  release(): Promise<void>;
}

/** Ids of the locks that this thread holds. */
const held = new Set<string>();

/**
 * Takes the lock of `dir`, which must exist. `StoreError` with reason "busy" if its owner lives; `onTakeover` is told
 * when a dead one's is taken.
 */
export async function takeLock(dir: string, onTakeover: (message: string) => void): Promise<RunLock> {
  const path = join(dir, lockName);
  const owner = ownOwner();
  const text = `${JSON.stringify(owner)}\n`;
  held.add(owner.id);
  try {
    // Another process may take or release it in between.
    for (let attempt = 0; !(await linkLock(path, text, attempt)); attempt++) {
      const found = await readLock(path);
      if (found === undefined) continue;
      if (attempt > maxAttempts || (await isAlive(dir, found))) throw busy(dir, found.owner);
      if (await takeAway(path, found, owner.id)) onTakeover(takeoverMessage(dir, found));
    }
  } catch (error) {
    held.delete(owner.id);
    throw error;
  }
  const beat = setInterval(() => {
    const now = new Date();
    fs.utimes(path, now, now).catch(() => {});
  }, heartbeatMs);
  beat.unref();
  return {
    async requireHeld() {
      const found = await readLock(path);
      if (found?.owner?.id === owner.id) return;
      throw new StoreError(
        dir,
        "busy",
        found === undefined
          ? `its lock (${lockName}) was removed while the run went on. Nothing more is written; resume the run.`
          : `it was taken over by ${nameOf(found.owner)}. Nothing more is written here.`,
      );
    },
    async release() {
      clearInterval(beat);
      held.delete(owner.id);
      const found = await readLock(path);
      if (found?.owner?.id === owner.id) await fs.rm(path, { force: true });
    },
  };
}

/** False where it is not this attempt that makes the lock. */
async function linkLock(path: string, text: string, attempt: number): Promise<boolean> {
  try {
    return await createExclusively(path, text);
  } catch (error) {
    // Whoever took the run just now has cleared it of unfinished files, ours among them.
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && attempt < maxAttempts) return false;
    throw error;
  }
}

interface FoundLock {
  text: string;
  /** Undefined for a lock that is not of our form. */
  owner: LockOwner | undefined;
  touchedMs: number;
}

async function readLock(path: string): Promise<FoundLock | undefined> {
  try {
    const [text, { mtimeMs }] = [await fs.readFile(path, "utf8"), await fs.stat(path)];
    return { text, owner: parseOwner(text), touchedMs: mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner> | null;
    return typeof owner?.id === "string" && Number.isSafeInteger(owner.pid) && owner.pid! > 0
      ? (owner as LockOwner)
      : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(dir: string, { owner, touchedMs }: FoundLock): Promise<boolean> {
  const silent = async (limitMs: number) => (await clockOf(dir)) - touchedMs > limitMs;
  if (owner === undefined) return !(await silent(unfinishedMs));
  if (owner.host !== hostName()) return !(await silent(silenceMs));
  if (owner.pid !== process.pid) return isProcess(owner);
  if (owner.processStart !== processStart(process.pid)) return false;
  if (owner.thread === ownThread()) return held.has(owner.id);
  return !(await silent(silenceMs));
}

function isProcess({ pid, processStart: start }: LockOwner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const found = processStart(pid);
  return start === "" || found === "" || start === found;
}

/** What the file system's clock says. */
async function clockOf(dir: string): Promise<number> {
  const path = join(dir, `${lockName}.${process.pid}.${ownThread()}.tmp`);
  const file = await fs.open(path, "w");
  try {
    // Somebody who clears the folder may remove it meanwhile.
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
    await fs.rm(path, { force: true });
  }
}

/** Removes a dead owner's lock; false if it is no longer that one's. */
async function takeAway(path: string, found: FoundLock, id: string): Promise<boolean> {
  const aside = `${path}.${id}.tmp`;
  try {
    await fs.rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  const text = await fs.readFile(aside, "utf8");
  // Somebody was quicker, and this is the new owner's: it gets it back.
  if (text !== found.text) await createExclusively(path, text);
  await fs.rm(aside, { force: true });
  return text === found.text;
}

function ownOwner(): LockOwner {
  return {
    id: crypto.randomUUID(),
    pid: process.pid,
    thread: ownThread(),
    host: hostName(),
    processStart: processStart(process.pid),
    since: new Date().toISOString(),
  };
}

const ownThread = (): number => (isMainThread ? 0 : threadId);

/** With the namespace of process numbers: containers on one machine do not see each other's processes. */
function hostName(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** Field 22 of Linux's `/proc/PID/stat`, in clock ticks since the machine's start; "" where there is no such file. */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A process that has ended and was not waited for is dead.
    return fields[0] === "Z" ? "ended" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

function nameOf(owner: LockOwner | undefined): string {
  if (owner === undefined) return "another process";
  return `process ${owner.pid} on ${owner.host.split(" ")[0]} (since ${owner.since})`;
}

function busy(dir: string, owner: LockOwner | undefined): StoreError {
  return new StoreError(
    dir,
    "busy",
    `it is being written by ${nameOf(owner)}. Wait until that has ended, or stop it; then resume the run.`,
    { owner },
  );
}

function takeoverMessage(dir: string, { owner }: FoundLock): string {
  return `${dir}: ${nameOf(owner)} ended without leaving the run; its lock was taken over.`;
}
