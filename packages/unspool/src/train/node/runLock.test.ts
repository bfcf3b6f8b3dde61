import * as fs from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreError } from "../store.ts";
import { lockName, takeLock } from "./runLock.ts";

let dir: string;
beforeEach(() => void (dir = fs.mkdtempSync(join(tmpdir(), "unspool-lock-"))));
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const path = () => join(dir, lockName);
const ignore = () => {};
const failureOf = async (taking: Promise<unknown>): Promise<StoreError> => {
  const error: unknown = await taking.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
};
/** Writes a lock as another owner would have left it. */
function leave(changes: object, ageMs = 0): void {
  const lock = JSON.parse(fs.readFileSync(path(), "utf8")) as object;
  fs.writeFileSync(path(), JSON.stringify({ ...lock, id: "other", ...changes }));
  const then = new Date(Date.now() - ageMs);
  fs.utimesSync(path(), then, then);
}

test("one of many that take it at once has it, and the others are told who", async () => {
  const taken = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(dir, ignore)));
  const failures = taken.flatMap((one) => (one.status === "rejected" ? [one.reason as StoreError] : []));
  expect(failures).toHaveLength(19);
  for (const failure of failures) {
    expect(failure.details["reason"]).toBe("busy");
    expect(failure.message).toContain(`it is being written by process ${process.pid} on ${hostname()}`);
  }
  expect(fs.readdirSync(dir)).toEqual([lockName]);
});

test("is free again when it was released", async () => {
  await (await takeLock(dir, ignore)).release();
  expect(fs.readdirSync(dir)).toEqual([]);
  await (await takeLock(dir, ignore)).release();
});

test.each([
  ["a process that is gone", { pid: 2 ** 22 + 1 }, 0],
  ["another process with the number of one that is gone", { processStart: "1" }, 0],
  ["a machine that has been silent for long", { host: "elsewhere" }, 600_000],
  ["nobody that can be read", { pid: "x" }, 600_000],
])("of %s is taken over, and that is said", async (_, changes, ageMs) => {
  await takeLock(dir, ignore);
  leave(changes, ageMs);
  const messages: string[] = [];
  const lock = await takeLock(dir, (message) => messages.push(message));
  expect(messages).toEqual([expect.stringContaining("its lock was taken over")]);
  await lock.requireHeld();
  await lock.release();
});

test.each([
  ["a process that lives", { pid: process.ppid, processStart: "" }, 600_000],
  ["a machine that was heard of a minute ago", { host: "elsewhere" }, 60_000],
  ["one that is writing it just now", { pid: "x" }, 0],
])("of %s is not", async (_, changes, ageMs) => {
  await takeLock(dir, ignore);
  leave(changes, ageMs);
  expect((await failureOf(takeLock(dir, ignore))).details["reason"]).toBe("busy");
});

test("whoever has lost it hears so before the next writing", async () => {
  const lock = await takeLock(dir, ignore);
  leave({ pid: 1 });
  expect((await failureOf(lock.requireHeld())).message).toContain("it was taken over by process 1");
  await lock.release();
  expect(fs.existsSync(path())).toBe(true);
  fs.rmSync(path());
  expect((await failureOf(lock.requireHeld())).message).toContain("was removed while the run went on");
});
