/** Compiled modules by what they contain: the same program is compiled once per process. */
import { compileModule } from "./host.ts";

const modules = new Map<string, { bytes: Uint8Array; module: WebAssembly.Module }[]>();
const statistics = { compiled: 0, reused: 0, compileMs: 0 };

/** How many modules the engine has compiled and found compiled, and the time that compilation took. */
export function engineStatistics(): Readonly<typeof statistics> {
  return { ...statistics };
}

export function compiledModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const name = hashOf(bytes);
  const known = modules.get(name) ?? [];
  const found = known.find((entry) => isEqual(entry.bytes, bytes));
  if (found !== undefined) {
    statistics.reused++;
    return found.module;
  }
  const startedAt = performance.now();
  const module = compileModule(bytes);
  statistics.compileMs += performance.now() - startedAt;
  statistics.compiled++;
  modules.set(name, [...known, { bytes, module }]);
  return module;
}

/** FNV-1a, 32 bits, and the length. */
function hashOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return `${hash >>> 0}:${bytes.length}`;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
