/**
 * Values of units between typed arrays [units, …] and tiles, where they lie in lanes. Everything is moved as 32-bit
 * words through views of one type: the loops are the same for all dtypes, and no bit of a NaN changes.
 */
import { type Tensor, type TensorData, tensorOf } from "../array/index.ts";
import { bytesOf } from "./emit/location.ts";
import { sizeOf } from "./graph/node.ts";
import { elementsAt } from "./memory.ts";
import type { Slot } from "./section.ts";

/** Where a program's tiles are. */
export interface Tiles {
  readonly count: number;
  /** Units per tile. */
  readonly lanes: number;
  readonly tiles: number;
  readonly tileStart: number;
  readonly tileBytes: number;
}

const wordsOf = (data: TensorData): Uint32Array =>
  new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);

/** Tiles from `from` up to but without `to`. */
export interface TileRange {
  readonly from: number;
  readonly to: number;
}

/** Units that lie in a range of tiles. */
export function unitsIn({ lanes, count }: Tiles, { from, to }: TileRange): number {
  return Math.min(count, to * lanes) - from * lanes;
}

/**
 * `data` is of the units in `range`, of all if there is none. Units past the last one are copies of it, so that nothing
 * strange is computed for them.
 */
export function uploadUnits(
  memory: WebAssembly.Memory,
  tiles: Tiles,
  slot: Slot,
  data: TensorData,
  range: TileRange = { from: 0, to: tiles.tiles },
): void {
  const { lanes } = tiles;
  const count = unitsIn(tiles, range);
  const width = bytesOf(slot.dtype) / 4;
  const size = sizeOf(slot.shape);
  const target = new Uint32Array(memory.buffer);
  const source = wordsOf(data);
  if (slot.level === 0) requireSame(source, size * width);
  for (let tile = 0; tile < range.to - range.from; tile++) {
    const start = (tiles.tileStart + (range.from + tile) * tiles.tileBytes + slot.location.offset) / 4;
    if (slot.level === 0) {
      target.set(source.subarray(0, size * width), start);
      continue;
    }
    for (let lane = 0; lane < lanes; lane++) {
      const from = Math.min(tile * lanes + lane, count - 1) * size * width;
      if (width === 1) spread(source, from, target, start + lane, lanes, size);
      else spreadPairs(source, from, target, start + 2 * lane, 2 * lanes, size);
    }
  }
}

/** [units, …], of the units in `range`, of all if there is none. */
export function downloadUnits(
  memory: WebAssembly.Memory,
  tiles: Tiles,
  slot: Slot,
  range: TileRange = { from: 0, to: tiles.tiles },
): Tensor {
  const { lanes } = tiles;
  const count = unitsIn(tiles, range);
  const width = bytesOf(slot.dtype) / 4;
  const size = sizeOf(slot.shape);
  const like = elementsAt(memory, 0, 0, slot.dtype);
  const data = new (like.constructor as Float32ArrayConstructor)(count * size);
  const source = new Uint32Array(memory.buffer);
  const target = wordsOf(data);
  for (let tile = 0; tile < range.to - range.from; tile++) {
    const start = (tiles.tileStart + (range.from + tile) * tiles.tileBytes + slot.location.offset) / 4;
    const valid = Math.min(lanes, count - tile * lanes);
    for (let lane = 0; lane < valid; lane++) {
      const to = (tile * lanes + lane) * size * width;
      if (slot.level === 0) target.set(source.subarray(start, start + size * width), to);
      else if (width === 1) gatherUp(source, start + lane, lanes, target, to, size);
      else gatherUpPairs(source, start + 2 * lane, 2 * lanes, target, to, size);
    }
  }
  return tensorOf(data, [count, ...slot.shape], slot.dtype);
}

/** The mean over units: the tiles' sums are added in their order. */
export function meanOfTiles(
  memory: WebAssembly.Memory,
  tiles: Tiles,
  slot: Slot,
  dtype: "float32" | "float64" = "float64",
): Tensor {
  const sum = new Float64Array(sizeOf(slot.shape));
  for (let tile = 0; tile < tiles.tiles; tile++) {
    const address = tiles.tileStart + tile * tiles.tileBytes + slot.location.offset;
    const part = new Float64Array(memory.buffer, address, sum.length);
    for (let e = 0; e < sum.length; e++) sum[e]! += part[e]!;
  }
  const mean = dtype === "float64" ? sum : new Float32Array(sum.length);
  for (let e = 0; e < sum.length; e++) mean[e] = sum[e]! / tiles.count;
  return tensorOf(mean, slot.shape, dtype);
}

function spread(
  source: Uint32Array,
  from: number,
  target: Uint32Array,
  to: number,
  stride: number,
  size: number,
): void {
  for (let e = 0; e < size; e++) target[to + e * stride] = source[from + e]!;
}

function spreadPairs(
  source: Uint32Array,
  from: number,
  target: Uint32Array,
  to: number,
  stride: number,
  size: number,
): void {
  for (let e = 0; e < size; e++) {
    target[to + e * stride] = source[from + 2 * e]!;
    target[to + e * stride + 1] = source[from + 2 * e + 1]!;
  }
}

function gatherUp(
  source: Uint32Array,
  from: number,
  stride: number,
  target: Uint32Array,
  to: number,
  size: number,
): void {
  for (let e = 0; e < size; e++) target[to + e] = source[from + e * stride]!;
}

function gatherUpPairs(
  source: Uint32Array,
  from: number,
  stride: number,
  target: Uint32Array,
  to: number,
  size: number,
): void {
  for (let e = 0; e < size; e++) {
    target[to + 2 * e] = source[from + e * stride]!;
    target[to + 2 * e + 1] = source[from + e * stride + 1]!;
  }
}

/** A leaf that was declared the same for all units must be. */
function requireSame(words: Uint32Array, size: number): void {
  for (let i = size; i < words.length; i++) {
    if (words[i] !== words[i - size])
      throw new Error("internal: units differ in a leaf that was declared the same for all");
  }
}
