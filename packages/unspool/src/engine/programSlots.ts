/**
 * The slots of a program, by the numbers that its graphs name them with: at absolute addresses what all units share, in
 * the tile's block what a unit keeps between windows, in scratch memory what it needs within one.
 */
import type { DType } from "../array/index.ts";
import { Block } from "./block.ts";
import { type EmitOptions, bytesOf, lanesOf, membersOf } from "./emit/location.ts";
import { type Level, sizeOf } from "./graph/node.ts";
import type { Reading } from "./levels.ts";
import { MemoryLayout } from "./memory.ts";
import type { SectionContext, Slot } from "./section.ts";
import type { ModuleBuilder } from "./wasm/index.ts";

/** A tensor or node of which only this matters. */
export interface ArrayType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export class ProgramSlots {
  readonly options: EmitOptions;
  readonly all: Slot[] = [];
  readonly layout: MemoryLayout = new MemoryLayout();
  readonly scratch: Block = new Block("scratch");
  readonly tile: Block = new Block("tile");

  constructor(options: EmitOptions) {
    this.options = options;
  }

  add(slot: Slot): number {
    return this.all.push(slot) - 1;
  }

  at(slot: number): Slot {
    return this.all[slot]!;
  }

  absolute({ shape, dtype }: ArrayType): number {
    const offset = this.layout.reserve(sizeOf(shape) * bytesOf(dtype) + 16);
    return this.add({ shape, dtype, level: 0, location: { base: "absolute", offset, lanes: 1 } });
  }

  inScratch(type: ArrayType, level: Level): number {
    return this.add(this.place(this.scratch, type, level));
  }

  inTile(type: ArrayType, level: Level): number {
    return this.add(this.place(this.tile, type, level));
  }

  /** A number for a value whose level and place are decided later. */
  undecided({ shape, dtype }: ArrayType): number {
    return this.add(new Block("scratch").slot(shape, dtype, 0, 1));
  }

  /** A slot in a block, without a number: none of the program's graphs reads it. */
  place(block: Block, { shape, dtype }: ArrayType, level: Level): Slot {
    return block.slot(shape, dtype, level, lanesOf(level, this.options), membersOf(level, this.options));
  }

  /** `member` is the one to read of a slot of level 2. */
  reading(slot: number, member?: number): Reading {
    const { shape, dtype, level } = this.at(slot);
    return { slot, shape, dtype, level, ...(member !== undefined && { member }) };
  }

  readings(slots: readonly number[]): Reading[] {
    return slots.map((slot) => this.reading(slot));
  }
}

/** For sections that are compiled once all slots have places. */
export function sectionContext(
  { options, all, layout, scratch }: ProgramSlots,
  module: ModuleBuilder,
): SectionContext {
  return {
    ...options,
    module,
    slots: all,
    constant: (node) => layout.constant(node),
    coded: (node) => layout.coded(node),
    table: (data) => layout.place(data),
    scratchStart: scratch.bytes,
  };
}
