/** Files that are there completely or not at all, even if the power fails or the disk is full. */
import * as fs from "node:fs/promises";
import { dirname } from "node:path";

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
  const temporary = `${path}.${process.pid}${temporarySuffix}`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
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
