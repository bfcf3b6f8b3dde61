/**
 * Where values lie in memory. Of a value of level 1 the elements of all units of a tile lie next to each other (`lanes`);
 * a value of level 2 is one such array per member; a value of level 0 has one lane.
 *
 *     address = base + offset + member * memberBytes + (element * lanes + lane) * bytes per element
 */
import type { DType } from "../../array/index.ts";
import { type Level, type Node, stridesOf } from "../graph/node.ts";
import type { Strips } from "../graph/strips.ts";
import type { CodedPlace } from "../memory.ts";
import type { ModuleBuilder } from "../wasm/index.ts";

/**
 * What an offset counts from: the memory's start, or a pointer that a kernel is given. `scratch` belongs to the
 * thread, `tile` to the units of a tile between calls, `first` and `second` to whoever calls the kernel.
 */
export type Base = "absolute" | "scratch" | "tile" | "first" | "second";

/** Pointers in the order in which kernels take them. */
export const pointers: readonly Base[] = ["scratch", "tile", "first", "second"];

export interface Location {
  readonly base: Base;
  /** Bytes. */
  readonly offset: number;
  readonly lanes: number;
  /** From one member's array to the next, of values of level 2. */
  readonly memberBytes?: number;
  /** Elements between neighbours along each axis; row-major by default. */
  readonly strides?: readonly number[];
}

export const bytesOf = (dtype: DType): number => (dtype === "float64" ? 8 : 4);

export const stridesAt = (node: Node, location: Location): readonly number[] =>
  location.strides ?? stridesOf(node.shape);

export interface EmitOptions {
  /** Fused multiply-add. */
  fma: boolean;
  /** Units per tile, W: a multiple of 4. */
  lanes: number;
  /** Members per unit, M. */
  members: number;
}

/** Lanes of a value. */
export const lanesOf = (level: Level, { lanes }: Pick<EmitOptions, "lanes">): number =>
  level === 0 ? 1 : lanes;

/** Arrays that a value consists of. */
export const membersOf = (level: Level, { members }: Pick<EmitOptions, "members">): number =>
  level === 2 ? members : 1;

export interface EmitContext extends EmitOptions {
  readonly module: ModuleBuilder;
  locate(node: Node): Location;
  /** Where a large constant of few values lies as codes. */
  coded(node: Node): CodedPlace | undefined;
  /** Set for kernels that compute a strip of rows. */
  readonly strips?: Strips;
}
