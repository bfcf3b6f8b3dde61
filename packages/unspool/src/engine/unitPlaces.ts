/** Where a program of units has its tiles, their results and records, and the threads' scratch memory. */
import { cacheLines } from "./block.ts";
import type { OuterPieces } from "./outerPieces.ts";
import type { CompiledSection } from "./section.ts";
import type { UnitPieces } from "./unitPieces.ts";
import type { UnitPlan } from "./unitPlan.ts";

/** Addresses and bytes. */
export interface UnitPlaces {
  readonly tileStart: number;
  /** From one tile's block to the next. */
  readonly tileBytes: number;
  readonly eachStart: number;
  /** Per-unit results of one tile and window. */
  readonly eachBytes: number;
  readonly recordStart: number;
  /** Of one tile and step. */
  readonly recordStepBytes: number;
  readonly scratchStart: number;
  /** Of one thread. */
  readonly scratchBytes: number;
}

/** The same for what happens between windows. */
export interface OuterPlaces {
  readonly recordStart: number;
  /** Of one window. */
  readonly recordBytes: number;
  /** Windows per call. */
  readonly capacity: number;
  /** Address of the barrier between windows. */
  readonly barrier: number;
}

/** Records of one call take at most so many bytes, and windows. */
const recordLimit = 2 ** 22;
const mostWindows = 1024;

const windowsPerCall = (recordBytes: number): number =>
  Math.max(1, Math.min(mostWindows, Math.floor(recordLimit / (recordBytes || 1))));

/** After what is shared; `length` is that of a window. */
export function reservePlaces(
  { slots, tiles }: UnitPlan,
  { finish, record }: UnitPieces,
  outer: OuterPieces | undefined,
  sections: readonly CompiledSection[],
  { length, threads }: { length: number; threads: number },
): { ofUnits: UnitPlaces; ofOuter: OuterPlaces } {
  const { layout, scratch, tile } = slots;
  const scratchEnds = sections.map(({ scratchEnd }) => scratchEnd);
  const scratchBytes = cacheLines(Math.max(scratch.bytes, ...scratchEnds) + 64);
  const tileBytes = cacheLines(tile.bytes);
  const { eachBytes } = finish;
  const recordStepBytes = record?.stepBytes ?? 0;
  const recordBytes = outer?.recordBytes ?? 0;
  const capacity = outer === undefined ? 1 : windowsPerCall(recordBytes);
  const tileStart = layout.reserve(tileBytes * tiles);
  const eachStart = layout.reserve(eachBytes * tiles);
  const outerRecordStart = layout.reserve(recordBytes * capacity);
  const barrier = layout.reserve(64);
  const recordStart = layout.reserve(recordStepBytes * tiles * length);
  const scratchStart = layout.reserve(scratchBytes * threads);
  const blocks = { tileStart, tileBytes, scratchStart, scratchBytes };
  return {
    ofUnits: { ...blocks, eachStart, eachBytes, recordStart, recordStepBytes },
    ofOuter: { recordStart: outerRecordStart, recordBytes, capacity, barrier },
  };
}
