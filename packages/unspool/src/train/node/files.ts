/** What the folders of runs and studies share: errors that name the file, and JSON. */
import * as fs from "node:fs/promises";
import { UnspoolError } from "../../errors.ts";
import { StoreError, type StoreFailure } from "../store.ts";

/** Runs `body`; an error of the file system becomes a `StoreError` that names the file. */
export async function guarded<T>(reason: StoreFailure, path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof UnspoolError || typeof code !== "string") throw error;
    const hint = hints[code] ?? "";
    const action = reason === "write" ? "written" : "read";
    const failure = new StoreError(path, reason, `it could not be ${action} (${message}).${hint}`, {
      path,
      systemCode: code,
    });
    failure.cause = error;
    throw failure;
  }
}

const full = " Free some space, then resume the run.";
const forbidden = " Check the permissions of the folder, or give another with --out.";
const hints: Readonly<Record<string, string>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: forbidden,
};

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Undefined if there is no such file. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await fs.readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StoreError(path, "read", `it is not JSON (${(error as Error).message}).`);
  }
}
