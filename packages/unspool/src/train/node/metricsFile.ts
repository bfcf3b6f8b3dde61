/** A file of metrics: one JSON line per outer step, only ever appended to. */
import * as fs from "node:fs/promises";
import type { StepRecord } from "../experiment.ts";
import { StoreError } from "../store.ts";

const newline = 0x0a;

export async function appendLines(path: string, records: readonly StepRecord[]): Promise<void> {
  await fs.appendFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/** Puts what was appended onto the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await openExisting(path, "r+");
  try {
    await file?.sync();
  } finally {
    await file?.close();
  }
}

/** All complete lines. A last line without an end, as a crash leaves it, is not one. */
export async function readLines(path: string): Promise<StepRecord[]> {
  const records: StepRecord[] = [];
  scan(path, await readBytes(path), (record) => records.push(record) > 0);
  return records;
}

/** Cuts the file after the last line whose step is at most `step`. */
export async function cutAfter(path: string, step: number): Promise<void> {
  const bytes = await readBytes(path);
  const length = scan(path, bytes, (record) => record.step <= step);
  if (length === bytes.length) return;
  const file = await fs.open(path, "r+");
  try {
    await file.truncate(length);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Calls `accept` for each complete line until it says no; returns how many bytes were accepted. */
function scan(path: string, bytes: Uint8Array, accept: (record: StepRecord) => boolean): number {
  const decoder = new TextDecoder();
  let begin = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(newline, begin);
    if (end === -1) return begin;
    const text = decoder.decode(bytes.subarray(begin, end));
    const record = parseLine(text);
    if (record === undefined) {
      throw new StoreError(
        path,
        "read",
        `line ${line} is not a record of an outer step: ${text.slice(0, 80)}`,
        {
          line,
        },
      );
    }
    if (!accept(record)) return begin;
    begin = end + 1;
  }
}

function parseLine(text: string): StepRecord | undefined {
  try {
    const record = JSON.parse(text) as StepRecord | null;
    return typeof record?.step === "number" && isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Entries that every record has are numbers, or null for one that was not finite; theta is lists of them by name. */
function isRecord({ loss, innerSteps, gradientNorm, durationMs, theta }: StepRecord): boolean {
  const isNumber = (value: unknown): boolean => typeof value === "number" || value === null;
  const isLists =
    theta === undefined ||
    (typeof theta === "object" &&
      theta !== null &&
      Object.values(theta).every((values: unknown) => Array.isArray(values) && values.every(isNumber)));
  return isLists && [loss, innerSteps, gradientNorm, durationMs].every(isNumber);
}

async function readBytes(path: string): Promise<Uint8Array> {
  const file = await openExisting(path, "r");
  try {
    return (await file?.readFile()) ?? new Uint8Array();
  } finally {
    await file?.close();
  }
}

async function openExisting(path: string, flags: string): Promise<fs.FileHandle | undefined> {
  try {
    return await fs.open(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
