/** A compiled program of units in memory: arguments in, one call per thread, results out. */
import { type Tensor, type TensorData, np, tree } from "../array/index.ts";
import { sizeOf } from "./graph/node.ts";
import { compiledModule } from "./moduleCache.ts";
import { elementsAt } from "./memory.ts";
import type { Slot } from "./section.ts";
import type { Pool } from "./threads/index.ts";
import type { UnitProgram } from "./unitProgram.ts";

export interface UnitResult {
  units: unknown;
  mean: unknown;
  each: unknown;
  history: Record<string, Tensor>[];
}

export class UnitRunner {
  readonly program: UnitProgram;
  readonly #memory: WebAssembly.Memory;
  readonly #instance: WebAssembly.Instance;
  readonly #pool: Pool | undefined;
  readonly #module: WebAssembly.Module;
  readonly #threads: number;

  constructor(program: UnitProgram, pool: Pool | undefined, threads: number) {
    this.program = program;
    this.#pool = pool;
    this.#threads = threads;
    const { pages } = program.layout;
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: pool !== undefined });
    program.layout.initialise(this.#memory);
    this.#module = compiledModule(program.bytes);
    this.#instance = new WebAssembly.Instance(this.#module, { env: { memory: this.#memory } });
  }

  /** Bytes of linear memory. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  run(shared: unknown, units: unknown): UnitResult {
    const { program } = this;
    tree.leaves(shared).forEach((leaf, i) => this.#view(program.shared[i]!).set(leaf.data));
    tree.leaves(units).forEach((leaf, i) => this.#upload(program.unit[i]!, leaf.data));
    this.#call();
    return {
      units: tree.unflatten(
        program.outputs.unit,
        program.unit.map((slot) => this.#download(slot)),
      ),
      mean: tree.unflatten(
        program.outputs.mean,
        program.mean.map((slot) => this.#mean(slot)),
      ),
      each: tree.unflatten(
        program.outputs.each,
        program.each.map((slot) => this.#download(slot)),
      ),
      history: this.#history(),
    };
  }

  #call(): void {
    const pool = this.#pool;
    if (pool === undefined || this.#threads === 1) {
      (this.#instance.exports["run"] as (thread: number, threads: number) => void)(0, 1);
      return;
    }
    const threads = Math.min(this.#threads, pool.ready, this.program.tiles);
    pool.run(this.#poolProgram, this.#instance, "run", [], threads);
  }

  get #poolProgram(): { module: WebAssembly.Module; memory: WebAssembly.Memory } {
    this.#posted ??= { module: this.#module, memory: this.#memory };
    return this.#posted;
  }
  #posted: { module: WebAssembly.Module; memory: WebAssembly.Memory } | undefined;

  #view(slot: Slot): TensorData {
    return elementsAt(this.#memory, slot.location.offset, sizeOf(slot.shape), slot.dtype);
  }

  /** A tile's part of a slot. */
  #tile(slot: Slot, tile: number): TensorData {
    const { tileStart, tileBytes } = this.program;
    const length = sizeOf(slot.shape) * slot.location.lanes;
    return elementsAt(this.#memory, tileStart + tile * tileBytes + slot.location.offset, length, slot.dtype);
  }

  /** Units past the last one are copies of it, so that nothing strange is computed for them. */
  #upload(slot: Slot, data: TensorData): void {
    const { units, tiles, count } = this.program;
    const size = sizeOf(slot.shape);
    for (let tile = 0; tile < tiles; tile++) {
      const target = this.#tile(slot, tile);
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

  #download(slot: Slot): Tensor {
    const { units, tiles, count } = this.program;
    const size = sizeOf(slot.shape);
    const data = new (this.#view(slot).constructor as Float32ArrayConstructor)(count * size);
    for (let tile = 0; tile < tiles; tile++) {
      const source = this.#tile(slot, tile);
      const valid = Math.min(units, count - tile * units);
      for (let lane = 0; lane < valid; lane++) {
        const to = (tile * units + lane) * size;
        if (slot.level === 0) data.set(source as Float32Array, to);
        else for (let e = 0; e < size; e++) data[to + e] = source[e * units + lane]!;
      }
    }
    return np.array(data, { shape: [count, ...slot.shape], dtype: slot.dtype });
  }

  /** The mean over units: the tiles' sums are added in their order. */
  #mean(slot: Slot): Tensor {
    const { tiles, count } = this.program;
    const sum = new Float64Array(sizeOf(slot.shape));
    for (let tile = 0; tile < tiles; tile++) {
      const part = this.#tile(slot, tile);
      for (let e = 0; e < sum.length; e++) sum[e]! += part[e]!;
    }
    for (let e = 0; e < sum.length; e++) sum[e]! /= count;
    return np.array(sum, { shape: slot.shape });
  }

  /** Recorded leaves, one tensor [members * units, …] per step; first members first. */
  #history(): Record<string, Tensor>[] {
    const { program } = this;
    if (program.record.length === 0) return [];
    return Array.from({ length: program.length }, (_, k) =>
      Object.fromEntries(program.record.map((slot, i) => [program.recordNames[i]!, this.#recorded(slot, k)])),
    );
  }

  #recorded(slot: Slot, k: number): Tensor {
    const { units, members, tiles, count, recordStart, recordStepBytes, length } = this.program;
    const size = sizeOf(slot.shape);
    const lanes = units * members;
    const data = new (this.#view(slot).constructor as Float32ArrayConstructor)(members * count * size);
    for (let tile = 0; tile < tiles; tile++) {
      const address = recordStart + (tile * length + k) * recordStepBytes + slot.location.offset;
      const source = elementsAt(this.#memory, address, size * lanes, slot.dtype);
      for (let member = 0; member < members; member++) {
        for (let lane = 0; lane < Math.min(units, count - tile * units); lane++) {
          const to = (member * count + tile * units + lane) * size;
          for (let e = 0; e < size; e++) data[to + e] = source[e * lanes + member * units + lane]!;
        }
      }
    }
    return np.array(data, { shape: [members * count, ...slot.shape], dtype: slot.dtype });
  }
}
