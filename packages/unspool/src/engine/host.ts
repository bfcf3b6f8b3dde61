/**
 * What the host can do: threads, shared memory, fused multiply-add, and compilation at full speed from the first call.
 * Node's modules are asked for at run time (`process.getBuiltinModule`), so this file runs in browsers and bundles
 * for them. V8 prints an error line for flags it does not know, so only those are set that this major version has.
 */
import type { MemoryLimits } from "./wasm/index.ts";

/** V8 majors whose flags are known: Node 20 to Node 26. */
const oldestV8 = 11;
const newestV8 = 14;

/** Set for a compilation, in this order; undone in the opposite one, so that other modules compile as they did. */
const compilationFlags: readonly { on: string; off: string; since: number }[] = [
  // V8 14 would prepare to return to baseline code that was never made, and end the process. Before, this was off.
  { off: "--no-wasm-deopt", on: "--wasm-deopt", since: 14 },
  { off: "--no-liftoff", on: "--liftoff", since: oldestV8 },
  { off: "--no-wasm-lazy-compilation", on: "--wasm-lazy-compilation", since: oldestV8 },
];

let isAllowed: boolean | undefined;

/**
 * Whether the engine may set V8's flags, which is unsupported by Node's documentation though it works; `undefined`
 * returns to the default: yes, unless the environment has `UNSPOOL_V8_FLAGS=0` or Node was started with such flags.
 */
export function allowV8Flags(allowed: boolean | undefined): void {
  isAllowed = allowed;
}

/** The module `name` of Node, or `undefined` elsewhere. */
export function nodeModule<Name extends "node:os" | "node:v8" | "node:worker_threads">(
  name: Name,
): ReturnType<typeof process.getBuiltinModule<Name>> | undefined {
  const host: { getBuiltinModule?: typeof process.getBuiltinModule } | undefined = globalThis.process;
  return host?.getBuiltinModule?.(name);
}

/** V8's major version where its flags may be set, else `undefined`. */
function openV8(): number | undefined {
  if (nodeModule("node:v8") === undefined) return undefined;
  const { env, execArgv, versions } = globalThis.process;
  const major = Number.parseInt(versions.v8, 10);
  if (!(major >= oldestV8 && major <= newestV8)) return undefined;
  const given = `${env["NODE_OPTIONS"] ?? ""} ${execArgv.join(" ")}`;
  // Restoring the defaults would undo what the user asked for.
  const byDefault = env["UNSPOOL_V8_FLAGS"] !== "0" && !/--(?:no[-_]?)?(?:liftoff|wasm[-_](?!m))/.test(given);
  return (isAllowed ?? byDefault) ? major : undefined;
}

function setFlags(flags: readonly string[]): void {
  try {
    for (const flag of flags) nodeModule("node:v8")!.setFlagsFromString(flag);
  } catch {
    // A host that imitates Node without its V8.
  }
}

/** `() => f32x4.relaxed_madd(0, 0, 0)`, as bytes. */
const relaxedProgram = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  // Three times `i32.const 0; i32x4.splat`, then the instruction 0xfd 0x105.
  ...[10, 19, 1, 17, 0, 0x41, 0, 0xfd, 17, 0x41, 0, 0xfd, 17, 0x41, 0, 0xfd, 17, 0xfd, 0x85, 2, 0x0b],
]);

/**
 * Whether modules may use relaxed SIMD (`f32x4.relaxed_madd` and its kin). Node 20 has it behind a flag, which is
 * set for the process if `allowV8Flags` permits.
 */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(relaxedProgram)) return true;
  // V8 12 and later have it without a flag, and no longer know the flag.
  if (openV8() !== 11) return false;
  setFlags(["--experimental-wasm-relaxed-simd"]);
  return WebAssembly.validate(relaxedProgram);
}

/**
 * Compiles a module. Under V8 in Node its functions are optimised before the first call: the baseline compiler would
 * run a loop that never returns at a half to an eighth of the speed until the end of the call.
 */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const major = openV8() ?? 0;
  const flags = compilationFlags.filter(({ since }) => major >= since);
  try {
    setFlags(flags.map(({ off }) => off));
    return new WebAssembly.Module(bytes);
  } finally {
    setFlags(flags.map(({ on }) => on).toReversed());
  }
}

/** Whether memory can be shared between threads: always in Node, in a page when it is cross-origin isolated. */
export function hasSharedMemory(): boolean {
  return typeof SharedArrayBuffer === "function" && (globalThis.crossOriginIsolated ?? true);
}

/** Bytes of shared memory after which the collector is called, and those made since it was. */
const bytesPerCollection = 2 ** 28;
let uncollectedBytes = 0;

/**
 * A memory for a program. V8's collector does not see how large shared memories are and may leave gigabytes that
 * nobody uses: it is called for every 256 MiB of them.
 */
export function createMemory({ initial, maximum, isShared }: MemoryLimits): WebAssembly.Memory {
  if (isShared) {
    uncollectedBytes += 65536 * initial;
    if (uncollectedBytes >= bytesPerCollection) {
      uncollectedBytes = 0;
      collectGarbage();
    }
  }
  return new WebAssembly.Memory({ initial, maximum, shared: isShared });
}

/**
 * Makes V8 look for garbage, in 10 to 30 milliseconds: buffers of this size, held together, trigger a full collection,
 * and as nothing is written to them they take no memory.
 */
function collectGarbage(): void {
  const held: ArrayBuffer[] = [];
  try {
    while (held.length < 4) held.push(new ArrayBuffer(2 ** 29));
  } catch {
    // The host has less address space than that.
  }
}

/** Threads that the hardware runs at once, as far as the host tells: at least 1. */
export function hardwareThreads(): number {
  const count = nodeModule("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency;
  return Math.max(1, count ?? 1);
}

let blocks: boolean | undefined;

/** Whether this thread may sleep in `Atomics.wait`: all but the main thread of a page. */
export function canBlock(): boolean {
  if (blocks !== undefined) return blocks;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return (blocks = true);
  } catch {
    return (blocks = false);
  }
}
