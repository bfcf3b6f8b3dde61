/** Stretches of memory that slots are cut from. */
import type { DType } from "../array/index.ts";
import { type Base, bytesOf } from "./emit/location.ts";
import { type Level, sizeOf } from "./graph/node.ts";
import type { Slot } from "./section.ts";

/** Bytes rounded up to whole cache lines. */
export const cacheLines = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Bytes of an array: vectors may read up to 16 bytes past its end. */
export const arrayBytes = (bytes: number): number => Math.ceil((bytes + 16) / 16) * 16;

export class Block {
  bytes = 0;
  readonly base: Base;

  constructor(base: Base) {
    this.base = base;
  }

  /** A slot after those that there are. Vectors may read up to 16 bytes past its end. */
  slot(shape: readonly number[], dtype: DType, level: Level, lanes: number, members: number = 1): Slot {
    const offset = this.bytes;
    const memberBytes = arrayBytes(sizeOf(shape) * lanes * bytesOf(dtype));
    this.bytes += members * memberBytes;
    return {
      shape,
      dtype,
      level,
      location: { base: this.base, offset, lanes, ...(level === 2 && { memberBytes }) },
    };
  }
}

/** The same place counted from another pointer, `shift` bytes further. */
export function rebased(slot: Slot, base: Base, shift = 0): Slot {
  return { ...slot, location: { ...slot.location, base, offset: slot.location.offset + shift } };
}
