/**
 * Pieces of bytes in a folder that several machines see, on a shared file system. The folder has an id in a file of its
 * own: whoever reads the same id sees the same folder, whatever its path is there.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OptionError } from "unspool";
import { makePath, writeAtomically } from "unspool/train/node";
import { type BlobStore, BlobsFullError } from "./blobStore.ts";

const idFile = "unspool-store.id";
/** What ends the names of files that are being written. */
const unfinished = ".tmp";

/** Makes the folder where it is not there yet. Throws `OptionError` where that cannot be done. */
export async function folderBlobs(dir: string): Promise<BlobStore> {
  const root = resolve(dir);
  const id = await idOf(root).catch((error: Error) => {
    throw new OptionError("folderBlobs", "store", dir, "a folder that can be written", `(${error.message})`);
  });
  const pathOf = (run: string, name: string): string => join(root, run, name);
  return {
    name: root,
    identity: `folder ${id}`,
    async put(run, name, bytes) {
      const path = pathOf(run, name);
      try {
        await withFolder(dirname(path), () => writeAtomically(path, bytes));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === "ENOSPC" || code === "EDQUOT") throw new BlobsFullError(message);
        throw error;
      }
    },
    get: (run, name) => fs.readFile(pathOf(run, name)).catch(ifMissing(undefined)),
    async remove(run, name) {
      await fs.rm(pathOf(run, name), { force: true });
      // The last one takes the folder with it; others may be there.
      await fs.rmdir(join(root, run)).catch(() => {});
    },
    async list(run) {
      const names = await fs.readdir(join(root, run)).catch(ifMissing([]));
      return names.filter((name) => !name.endsWith(unfinished));
    },
  };
}

/** Makes the folder first, and again where somebody has removed it meanwhile because it was empty. */
async function withFolder(dir: string, body: () => Promise<void>): Promise<void> {
  for (let tries = 3; ; tries--) {
    await makePath(dir);
    try {
      return await body();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || tries === 1) throw error;
    }
  }
}

async function idOf(root: string): Promise<string> {
  await makePath(root);
  const path = join(root, idFile);
  const known = await fs.readFile(path, "utf8").catch(ifMissing(""));
  if (known !== "") return known.trim();
  const draft = join(root, `${randomUUID()}${unfinished}`);
  await writeAtomically(draft, `${randomUUID()}\n`);
  try {
    // Of several that come at once, the first gives the id.
    await fs.link(draft, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") await fs.copyFile(draft, path, fs.constants.COPYFILE_EXCL).catch(() => {});
    });
  } finally {
    await fs.rm(draft, { force: true });
  }
  return (await fs.readFile(path, "utf8")).trim();
}

/** Also where the last one of a run takes its folder away in the same moment. */
const ifMissing =
  <Value>(value: Value) =>
  (error: NodeJS.ErrnoException): Value => {
    if (error.code !== "ENOENT") throw error;
    return value;
  };
