/** What is read of a `config.json`, which may come from another version or another hand, is checked here. */
import { show } from "../../errors.ts";
import { StoreError } from "../store.ts";

const statuses = ["running", "done", "interrupted", "failed"];

type Check = readonly [name: string, isRight: (value: unknown) => boolean, allowed: string];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): boolean => typeof value === "string";
const isRecord = (value: unknown): boolean =>
  value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value));

const checks: readonly Check[] = [
  ["experiment", isText, "a name"],
  ["config", (value) => value !== undefined, "there"],
  ["seed", (value) => isCount(value) && (value as number) < 2 ** 32, "an integer from 0 to 2^32 - 1"],
  ["steps", isCount, "an integer of at least 0"],
  ["status", (value) => statuses.includes(value as string), `one of ${statuses.join(", ")}`],
  ["startedAt", isText, "a time"],
  ["updatedAt", isText, "a time"],
  ["environment", isRecord, "a record"],
  ["recipe", isRecord, "a record"],
  ["origin", isRecord, "a record"],
  ["command", isRecord, "a record"],
];

/** Throws `StoreError` that names the first wrong entry. */
export function requireManifest(path: string, stored: unknown): void {
  const isObject = typeof stored === "object" && stored !== null && !Array.isArray(stored);
  if (!isObject || typeof (stored as Record<string, unknown>)["experiment"] !== "string") {
    throw new StoreError(path, "read", "it is not the config of a run.");
  }
  for (const [name, isRight, allowed] of checks) {
    const value = (stored as Record<string, unknown>)[name];
    if (isRight(value)) continue;
    throw new StoreError(
      path,
      "read",
      `it is not the config of a run: ${name} must be ${allowed}, got ${show(value)}.`,
      {
        entry: name,
      },
    );
  }
}
