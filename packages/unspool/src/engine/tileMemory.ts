/** Values of units between typed arrays [units, …] and tiles, where they lie in lanes. */
import { type Tensor, type TensorData, np } from "../array/index.ts";
import { sizeOf } from "./graph/node.ts";
import { elementsAt } from "./memory.ts";
import type { Slot } from "./section.ts";

/** Where a program's tiles are. */
export interface Tiles {
  readonly count: number;
  /** Units per tile. */
  readonly units: number;
  readonly tiles: number;
  readonly tileStart: number;
  readonly tileBytes: number;
}

/** A tile's part of a slot of its block. */
function partOf(
  memory: WebAssembly.Memory,
  { tileStart, tileBytes }: Tiles,
  slot: Slot,
  tile: number,
): TensorData {
  const address = tileStart + tile * tileBytes + slot.location.offset;
  return elementsAt(memory, address, sizeOf(slot.shape) * slot.location.lanes, slot.dtype);
}

/** Units past the last one are copies of it, so that nothing strange is computed for them. */
export function uploadUnits(memory: WebAssembly.Memory, tiles: Tiles, slot: Slot, data: TensorData): void {
  const { units, count } = tiles;
  const size = sizeOf(slot.shape);
  for (let tile = 0; tile < tiles.tiles; tile++) {
    const target = partOf(memory, tiles, slot, tile);
    if (slot.level === 0) {
      target.set(data.subarray(0, size));
      continue;
    }
    for (let lane = 0; lane < units; lane++) {
      const from = Math.min(tile * units + lane, count - 1) * size;
      for (let e = 0; e < size; e++) target[e * units + lane] = data[from + e]!;
    }
  }
}

/** [units, …] */
export function downloadUnits(memory: WebAssembly.Memory, tiles: Tiles, slot: Slot): Tensor {
  const { units, count } = tiles;
  const size = sizeOf(slot.shape);
  const like = partOf(memory, tiles, slot, 0);
  const data = new (like.constructor as Float32ArrayConstructor)(count * size);
  for (let tile = 0; tile < tiles.tiles; tile++) {
    const source = partOf(memory, tiles, slot, tile);
    const valid = Math.min(units, count - tile * units);
    for (let lane = 0; lane < valid; lane++) {
      const to = (tile * units + lane) * size;
      if (slot.level === 0) data.set(source as Float32Array, to);
      else for (let e = 0; e < size; e++) data[to + e] = source[e * units + lane]!;
    }
  }
  return np.array(data, { shape: [count, ...slot.shape], dtype: slot.dtype });
}

/** The mean over units: the tiles' sums are added in their order, in float64. */
export function meanOfTiles(
  memory: WebAssembly.Memory,
  tiles: Tiles,
  slot: Slot,
  dtype: "float32" | "float64",
): Tensor {
  const sum = new Float64Array(sizeOf(slot.shape));
  for (let tile = 0; tile < tiles.tiles; tile++) {
    const part = partOf(memory, tiles, slot, tile);
    for (let e = 0; e < sum.length; e++) sum[e]! += part[e]!;
  }
  const mean = dtype === "float64" ? sum : new Float32Array(sum.length);
  for (let e = 0; e < sum.length; e++) mean[e] = sum[e]! / tiles.count;
  return np.array(mean, { shape: slot.shape });
}
