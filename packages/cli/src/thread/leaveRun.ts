/**
 * What the main thread does for a run whose thread it has ended: says so in `config.json`, and takes the lock away.
 * Synchronous and small, because the process is about to end.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type LeftStatus = "interrupted" | "failed";

/** Whatever fails here leaves the folder as a killed process would: it can be resumed all the same. */
export function leaveRun(dir: string, status: LeftStatus, error?: { code: string; message: string }): void {
  const lock = join(dir, "run.lock");
  try {
    const { pid } = JSON.parse(readFileSync(lock, "utf8")) as { pid: unknown };
    if (pid !== process.pid) return;
    const path = join(dir, "config.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { status: unknown };
    if (manifest.status === "running") {
      const left = { ...manifest, status, updatedAt: new Date().toISOString(), error };
      const temporary = `${path}.${process.pid}-left.tmp`;
      writeFileSync(temporary, `${JSON.stringify(left, null, 2)}\n`);
      renameSync(temporary, path);
    }
    rmSync(lock, { force: true });
  } catch {
    // As above.
  }
}
