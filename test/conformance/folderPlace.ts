/**
 * Places of `folderStore` for its conformance checks: every operation that changes a file below them can be made to fail,
 * to be done by half, or to come late. As `test/robustness/killPreload.cjs` does for a process that is killed.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StorePlace, WriteFate } from "unspool/conformance";
import type { RunStore } from "unspool/train";
import { folderStore } from "unspool/train/node";

type FateOf = () => WriteFate | Promise<WriteFate>;
type Operation = (...args: unknown[]) => Promise<unknown>;

/** By folder. */
const asked = new Map<string, FateOf>();
const operations = fs.promises as unknown as Record<string, Operation>;

/** What takes no room happens on a full disk. */
const roomless: readonly string[] = ["rename", "rm", "rmdir", "truncate", "sync"];

/** Makes the operations of Node's file system ask; what is returned makes them the old ones. */
export function interceptFiles(): () => void {
  const originals = ["open", "writeFile", "mkdir", "rename", "link", "rm", "rmdir"].map(
    (name) => [name, operations[name]!] as const,
  );
  for (const [name, original] of originals) {
    operations[name] = async (...args) => {
      const fateOf = fateOfPath(args[0]);
      const isReading = name === "open" && args[1] === "r";
      if (fateOf === undefined || isReading) return original(...args);
      await ask(fateOf, name, async () => {
        if (name === "writeFile") await original(args[0], half(args[1]), args[2]);
      });
      const made = await original(...args);
      if (name === "open") interceptHandle(made as Record<string, Operation>, fateOf);
      return made;
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const [name, original] of originals) operations[name] = original;
    syncBuiltinESMExports();
  };
}

function interceptHandle(handle: Record<string, Operation>, fateOf: FateOf): void {
  for (const name of ["writeFile", "appendFile", "truncate"]) {
    const original = handle[name]!.bind(handle);
    handle[name] = async (...args) => {
      await ask(fateOf, name, async () => {
        if (name !== "truncate") await original(half(args[0]));
      });
      return original(...args);
    };
  }
}

async function ask(fateOf: FateOf, name: string, tear: () => Promise<void>): Promise<void> {
  const fate = await fateOf();
  if (fate === "pass" || (fate === "full" && roomless.includes(name))) return;
  if (fate !== "lost") await tear();
  // No code of a system: nobody has a word for the end of the own process.
  if (fate !== "full") throw new Error(`the process has ended at ${name}`);
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: "ENOSPC" });
}

const half = (data: unknown): string | Uint8Array => {
  const whole = data as string | Uint8Array;
  return whole.slice(0, whole.length >> 1);
};

const fateOfPath = (path: unknown): FateOf | undefined =>
  [...asked].find(([root]) => typeof path === "string" && path.startsWith(root))?.[1];

/** An empty folder for a run, below a new one. `change` breaks a promise of its stores. */
export function folderPlace(
  change: (store: RunStore, dir: string) => Partial<RunStore> = () => ({}),
): StorePlace {
  const root = fs.mkdtempSync(join(tmpdir(), "unspool-place-"));
  const dir = join(root, "run");
  const lock = join(dir, "run.lock");
  return {
    open() {
      const store = folderStore(dir);
      return { ...store, ...change(store, dir) };
    },
    async close() {
      asked.delete(root);
      fs.rmSync(root, { recursive: true, force: true });
    },
    intercept: (fateOf) => void asked.set(root, fateOf),
    async buryHolder() {
      if (!fs.existsSync(lock)) return;
      const owner = JSON.parse(fs.readFileSync(lock, "utf8")) as object;
      // A number that Linux gives to no process.
      fs.writeFileSync(lock, JSON.stringify({ ...owner, pid: 2 ** 22 + 1 }));
    },
  };
}
