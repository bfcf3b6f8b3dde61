/** Writes a page to its file, all of it or nothing. A page of ours is replaced; a file of somebody else is not. */
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../failure.ts";

/** What `shell` puts near the start of every page. */
const ours = '<meta name="generator" content="unspool"';
const headBytes = 1000;

/** Returns the path. Throws `UsageError` if there is a file that is not a page of Unspool. */
export async function writePage(path: string, page: string): Promise<string> {
  const head = await headOf(path);
  if (head !== undefined && head.trim() !== "" && !head.includes(ours)) {
    throw new UsageError(
      "FOLDER",
      `${path}: it is there already, and not a page of Unspool. Move it away, or give another path with --out.`,
      { path },
    );
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, page);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  return path;
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
