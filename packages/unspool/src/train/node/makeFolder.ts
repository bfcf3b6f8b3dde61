/** A folder for a new run: the one that is asked for, or the first of its numbered names that nobody has. */
import * as fs from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";

export interface MadeFolder {
  path: string;
  /** Removes what was made, up to the first folder that is not empty. A folder that was there before stays. */
  removeIfEmpty(): Promise<void>;
}

/** With `isNumbered` the folder is new: `dir`, `dir-2`, … One of several processes gets each name. */
export async function makeFolder(dir: string, isNumbered: boolean): Promise<MadeFolder> {
  if (!isNumbered) return made(dir, await makePath(dir));
  const first = await makePath(dirname(dir));
  for (let copy = 1; ; copy++) {
    const path = copy === 1 ? dir : `${dir}-${copy}`;
    try {
      await fs.mkdir(path);
      return made(path, first ?? path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/**
 * Makes a folder and those above it; the topmost that was made. Node's own `recursive` goes round for ever where a folder
 * answers that it does not exist although it does, as in /proc.
 */
export async function makePath(dir: string): Promise<string | undefined> {
  try {
    await fs.mkdir(dir);
    return dir;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await isFolder(dir))) return undefined;
    if (code !== "ENOENT" || (await isFolder(dirname(resolve(dir))))) throw error;
  }
  const first = await makePath(dirname(resolve(dir)));
  return (await makePath(dir)) === undefined ? first : (first ?? dir);
}

const isFolder = (path: string): Promise<boolean> =>
  fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** `first` is the topmost folder that was made; undefined if `path` was there. */
function made(path: string, first: string | undefined): MadeFolder {
  return {
    path,
    async removeIfEmpty() {
      if (first === undefined) return;
      const levels = relative(dirname(resolve(first)), resolve(path)).split(sep).length;
      let folder = resolve(path);
      for (let level = 0; level < levels; level++) {
        try {
          await fs.rmdir(folder);
        } catch {
          return;
        }
        folder = dirname(folder);
      }
    },
  };
}
