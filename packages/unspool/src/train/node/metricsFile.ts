/**
 * A file of metrics: one JSON line per outer step, only ever appended to. The last entry of a line, `crc`, is the
 * CRC-32 of the line without it. Files of older versions have none; after the first line with one, all have it.
 */
import * as fs from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { StepRecord } from "../experiment.ts";
import { StoreError } from "../store.ts";

const newline = 0x0a;

/** Appends lines, and returns the length that the file then has. `length` is what it had, if it was this run's. */
export async function appendLines(
  path: string,
  records: readonly StepRecord[],
  length: number | undefined,
): Promise<number> {
  const text = records.map(lineOf).join("");
  const file = await openForAppending(path, length);
  try {
    const { size } = await file.stat();
    if (length !== undefined && size !== length) {
      throw new StoreError(
        path,
        "write",
        `it has ${size} bytes where the run left ${length}: something else has changed it. ` +
          "The run stops here and can be resumed from its last checkpoint.",
        { size, expected: length },
      );
    }
    await file.appendFile(text);
    return size + Buffer.byteLength(text);
  } finally {
    await file.close();
  }
}

async function openForAppending(path: string, length: number | undefined): Promise<fs.FileHandle> {
  // A file with lines is not made again where it was removed.
  if (length === undefined || length === 0) return fs.open(path, "a");
  const { O_APPEND, O_WRONLY } = fs.constants;
  try {
    return await fs.open(path, O_APPEND | O_WRONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new StoreError(
      path,
      "write",
      "it was removed while the run went on, with the lines of its steps. Put it back, then resume the run.",
    );
  }
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

/** Cuts the file after the last line whose step is at most `step`, and returns its length. */
export async function cutAfter(path: string, step: number): Promise<number> {
  const bytes = await readBytes(path);
  const length = scan(path, bytes, (record) => record.step <= step);
  if (length === bytes.length) return length;
  const file = await fs.open(path, "r+");
  try {
    await file.truncate(length);
    await file.sync();
  } finally {
    await file.close();
  }
  return length;
}

/** Calls `accept` for each complete line until it says no; returns how many bytes were accepted. */
function scan(path: string, bytes: Uint8Array, accept: (record: StepRecord) => boolean): number {
  const decoder = new TextDecoder();
  let begin = 0;
  let step = 0;
  let isChecked = false;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(newline, begin);
    if (end === -1) return begin;
    const text = decoder.decode(bytes.subarray(begin, end));
    const read = parseLine(text);
    const problem =
      typeof read === "string"
        ? read
        : read.record.step <= step
          ? `its step ${read.record.step} follows step ${step}`
          : isChecked && !read.isChecked
            ? "its crc is missing, which the lines before it have"
            : undefined;
    if (problem !== undefined || typeof read === "string") {
      throw new StoreError(
        path,
        "read",
        `line ${line} is not a record of an outer step (${problem}): ${text.slice(0, 80)}`,
        { line },
      );
    }
    if (!accept(read.record)) return begin;
    step = read.record.step;
    isChecked ||= read.isChecked;
    begin = end + 1;
  }
}

function lineOf(record: StepRecord): string {
  const text = JSON.stringify(record);
  return `${text.slice(0, -1)},"crc":"${check(text)}"}\n`;
}

const check = (text: string): string => crc32(text).toString(16).padStart(8, "0");

const checkPattern = /,"crc":"([0-9a-f]{8})"\}$/;

/** The record of a line, or what is wrong with it. */
function parseLine(text: string): { record: StepRecord; isChecked: boolean } | string {
  const [end, crc] = checkPattern.exec(text) ?? [];
  const plain = end === undefined ? text : `${text.slice(0, -end.length)}}`;
  if (crc !== undefined && check(plain) !== crc) return "it does not match its crc";
  let record: StepRecord | null;
  try {
    record = JSON.parse(plain) as StepRecord | null;
  } catch {
    return "it is not JSON";
  }
  const step: unknown = record?.step;
  if (!Number.isSafeInteger(step) || (step as number) < 1) return "its step is not an integer of at least 1";
  if (!isRecord(record!)) return "one of its entries is not a number";
  return { record: record!, isChecked: crc !== undefined };
}

/** Entries that every record has are numbers, or null for one that was not finite; theta is lists of them by name. */
function isRecord({ loss, innerSteps, gradientNorm, durationMs, theta }: StepRecord): boolean {
  const isNumber = (value: unknown): boolean => typeof value === "number" || value === null;
  const isLists =
    theta === undefined ||
    (typeof theta === "object" &&
      theta !== null &&
      Object.values(theta).every((values: unknown) => Array.isArray(values) && values.every(isNumber)));
  return isLists && [loss, innerSteps, durationMs, gradientNorm ?? null].every(isNumber);
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
