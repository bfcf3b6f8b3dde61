/** Writes a page to its file, all of it or nothing. A page of ours is replaced; a file of somebody else is not. */
import { open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makePath } from "unspool/train/node";
import { UsageError } from "../failure.ts";

/** What `shell` puts near the start of every page. */
const ours = '<meta name="generator" content="unspool"';
const headBytes = 1000;

/** Returns the path. Throws `UsageError` if there is a file that is not a page of Unspool, or none can be written. */
export async function writePage(path: string, page: string): Promise<string> {
  await requirePage(path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await makePath(dirname(path));
    await writeFile(temporary, page);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
  return path;
}

/** Throws `UsageError` unless a page can be written there: to be asked before the work of which it is the result. */
export async function requirePage(path: string): Promise<void> {
  try {
    const head = await headOf(path);
    if (head !== undefined && head.trim() !== "" && !head.includes(ours)) {
      throw new UsageError(
        "FOLDER",
        `${path}: it is there already, and not a page of Unspool. Move it away, or give another path with --out.`,
        { path },
      );
    }
    // Nothing is made yet: the work may fail. What the rights and the file system say is known once it was tried.
    const probe = join(await nearestFolder(dirname(path)), `.unspool.${process.pid}.tmp`);
    await writeFile(probe, "");
    await rm(probe, { force: true });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The folder itself, or the first above it that is there. */
async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return path;
  const above = dirname(resolve(path));
  if (found !== undefined || above === resolve(path))
    throw Object.assign(new Error(path), { code: "ENOTDIR" });
  return nearestFolder(above);
}

function unwritable(path: string, error: unknown): unknown {
  if (error instanceof UsageError) return error;
  const { code = String(error) } = error as NodeJS.ErrnoException;
  const why = code === "EISDIR" ? "it is a folder" : `it cannot be written (${code})`;
  return new UsageError("FOLDER", `${path}: ${why}. Give the path of a page with --out.`, { path, code });
}

/** The beginning of a file; undefined if there is none. */
async function headOf(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0);
      return new TextDecoder().decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
