/**
 * Sizes are computed before memory is taken: what cannot be held is refused with the memory that it needs and what there
 * is, before the host ends the process. Stands below the ground floor, as the errors do.
 */
import { OptionError } from "./errors.ts";

/** What one program of the engine, and all arrays of jax-js together, can address. */
export const wasmBytes: number = 2 ** 32;

interface HostProcess {
  /** Node 20.13 and later. */
  availableMemory?(): number;
}

/** Bytes that the host has left, where it tells; a browser does not, and 16 GiB are assumed. */
export function availableBytes(): number {
  const { process } = globalThis as { process?: HostProcess };
  const free = process?.availableMemory?.() ?? 0;
  return free > 0 ? free : 2 ** 34;
}

export interface Need {
  where: string;
  /** The option, or the size, that asks for the memory. */
  option: string;
  given: unknown;
  /** Least number of bytes that it takes. */
  bytes: number;
  /** What takes them. */
  of: string;
  /** What to do. Default: "Choose a smaller one." */
  hint?: string;
  /** Default: what WebAssembly can address, or what is free if that is less. */
  limit?: number;
}

/** What any host has: asking it takes 15 microseconds, as long as an operation on a small array. */
const unasked = 2 ** 20;

/** Throws `OptionError` if more is needed than there is. */
export function requireMemory({ where, option, given, bytes, of, hint, limit }: Need): void {
  if (bytes <= Math.min(unasked, limit ?? unasked)) return;
  const free = availableBytes();
  const most = limit ?? Math.min(wasmBytes, free);
  if (bytes <= most) return;
  const there =
    most === free ? `the host has ${sizeText(free)} left` : `WebAssembly addresses ${sizeText(most)}`;
  throw new OptionError(
    where,
    option,
    given,
    `small enough for memory: ${of} take at least ${sizeText(bytes)}, and ${there}`,
    hint ?? "Choose a smaller one.",
  );
}

/** 1536 as "1.5 KiB". */
export function sizeText(bytes: number): string {
  if (!Number.isFinite(bytes)) return "more than there is";
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${units[power]}`;
}
