/** What a run was made with: versions and hardware, for `config.json`. */
import { readFileSync } from "node:fs";
import { arch, cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export function environment(): Record<string, string> {
  const processors = cpus();
  return {
    unspool: versionOf("unspool"),
    "jax-js": versionOf("@jax-js/jax"),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${release()} ${arch()}`,
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? "unknown"}`,
  };
}

/** The version of the nearest package of that name, from this file upwards: the same in src, dist and bundles. */
function versionOf(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    for (const path of ["package.json", `node_modules/${name}/package.json`]) {
      const found = readPackage(join(folder, path));
      if (found?.name === name && found.version !== undefined) return found.version;
    }
    const parent = dirname(folder);
    if (parent === folder) return "unknown";
    folder = parent;
  }
}

function readPackage(path: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as { name?: string; version?: string };
  } catch {
    return undefined;
  }
}
