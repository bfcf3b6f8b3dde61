/** What a run was made with: versions and hardware, for `config.json`. */
import { readFileSync } from "node:fs";
import { arch, cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export function environment(): Record<string, string> {
  const processors = cpus();
  return {
    unspool: versionAbove("unspool", (folder) => join(folder, "package.json")),
    "jax-js": versionAbove("@jax-js/jax", (folder) => join(folder, "node_modules/@jax-js/jax/package.json")),
    node: process.version,
    platform: `${process.platform} ${release()} ${arch()}`,
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? "unknown"}`,
  };
}

/** The version in the nearest package.json of that name, from this file upwards: the same in src, dist and bundles. */
function versionAbove(name: string, fileIn: (folder: string) => string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(fileIn(folder), "utf8")) as { name?: string; version?: string };
      if (found.name === name && found.version !== undefined) return found.version;
    } catch {
      // Not in this folder.
    }
    const parent = dirname(folder);
    if (parent === folder) return "unknown";
    folder = parent;
  }
}
