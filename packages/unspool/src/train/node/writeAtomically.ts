/** Files that are there completely or not at all, even if the power fails or the disk is full. */
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";

/** How a file is opened. Tests put a failing one here. */
export type Open = (path: string, flags: string) => Promise<OpenFile>;

/** The part of a file handle that writing needs. */
export interface OpenFile {
  writeFile(data: Uint8Array | string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Ends the names of files that are being written. */
export const temporarySuffix = ".tmp";

/** Writes to a temporary file beside `path`, which takes the place of `path` once it is safely on disk. */
export async function writeAtomically(
  path: string,
  data: Uint8Array | string,
  open: Open = fs.open,
): Promise<void> {
  await withTemporary(path, data, open, (temporary) => fs.rename(temporary, path));
  await syncFolder(dirname(path));
}

/** The same for a file that must not be there yet: false, and nothing changed, if it is. */
export async function createExclusively(path: string, data: string): Promise<boolean> {
  const isCreated = await withTemporary(path, data, fs.open, async (temporary) => {
    try {
      await fs.link(temporary, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return false;
      if (!withoutLinks.has(code ?? "")) throw error;
      return writeNew(path, data);
    } finally {
      await fs.rm(temporary, { force: true });
    }
    return true;
  });
  if (isCreated) await syncFolder(dirname(path));
  return isCreated;
}

/** What file systems without hard links answer. */
const withoutLinks: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

async function writeNew(path: string, data: string): Promise<boolean> {
  try {
    await fs.writeFile(path, data, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes what processes that were killed left half written of the files `names` in `dir`: only what `writeAtomically`
 * named, and no process of that number is there any more.
 */
export async function removeLeftovers(dir: string, names: readonly string[]): Promise<void> {
  const found = await fs.readdir(dir).catch(() => []);
  const left = found.filter((name) => {
    const [, file, pid] = leftover.exec(name) ?? [];
    return file !== undefined && names.includes(file) && !isRunning(Number(pid));
  });
  await Promise.all(left.map((name) => fs.rm(join(dir, name), { force: true })));
}

const leftover = /^(.+?)\.(\d+)(?:-\d+)?\.tmp$/;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

let count = 0;

/** Writes the temporary file of `path` and hands it to `use`, which must leave nothing of it. */
async function withTemporary<Result>(
  path: string,
  data: Uint8Array | string,
  open: Open,
  use: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const temporary = `${path}.${process.pid}-${count++}${temporarySuffix}`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    return await use(temporary);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Makes a rename in a folder last. Windows cannot open folders, and does this by itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await fs.open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
