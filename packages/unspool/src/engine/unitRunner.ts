/** A compiled program of units in memory: arguments in, one call per thread, results out. */
import { type Tensor, tensorOf, tree } from "../array/index.ts";
import type { ForwardResult, OuterResult } from "../program/index.ts";
import { sizeOf } from "./graph/node.ts";
import { elementsAt } from "./memory.ts";
import { ProgramInstance } from "./programInstance.ts";
import type { Slot } from "./section.ts";
import { type Pool, type ThreadPace, prepareBarrier, threadPace } from "./threads/index.ts";
import { downloadUnits, meanOfTiles, uploadUnits } from "./tileMemory.ts";
import type { UnitProgram } from "./unitProgram.ts";

export class UnitRunner {
  readonly program: UnitProgram;
  readonly #instance: ProgramInstance;
  readonly #pool: Pool | undefined;
  readonly #threads: number;
  #pace: (ThreadPace & { most: number }) | undefined;
  /** The tree whose leaves the tiles hold. */
  #present: unknown;

  constructor(program: UnitProgram, pool: Pool | undefined, threads: number) {
    this.program = program;
    this.#pool = pool;
    this.#threads = threads;
    this.#instance = new ProgramInstance(program, pool, program.outer?.barrier);
  }

  /** Milliseconds that V8 needed for the module; 0 if the process had compiled it before. */
  get compileMs(): number {
    return this.#instance.compileMs;
  }

  /** Bytes of linear memory. */
  get bytes(): number {
    return this.#instance.bytes;
  }

  run(shared: unknown, units: unknown): ForwardResult {
    const { program } = this;
    tree.leaves(shared).forEach((leaf, i) => this.#instance.view(program.shared[i]!).set(leaf.data));
    this.#upload(units);
    this.#call(1);
    const results = { ...program, tileStart: program.eachStart, tileBytes: program.eachBytes };
    return {
      units: this.#download(),
      mean: tree.unflatten(
        program.outputs.mean,
        program.mean.map((slot) => meanOfTiles(this.#instance.memory, program, slot)),
      ),
      each: tree.unflatten(
        program.outputs.each,
        program.each.map((slot) => downloadUnits(this.#instance.memory, results, slot)),
      ),
      history: this.#history(),
    };
  }

  /** Several windows, at most `capacity` of them: records are [windows, …]. */
  runOuter(outer: unknown, units: unknown, windows: number): OuterResult {
    const { program } = this;
    const part = program.outer!;
    tree.leaves(outer).forEach((leaf, i) => this.#instance.view(part.state[i]!).set(leaf.data));
    this.#upload(units);
    this.#call(windows);
    return {
      outer: tree.unflatten(
        part.stateTree,
        part.state.map((slot) => tensorOf(this.#instance.view(slot).slice(), slot.shape, slot.dtype)),
      ),
      units: this.#download(),
      record: tree.unflatten(
        part.recordTree,
        part.record.map((slot) => this.#outerRecord(slot, windows)),
      ),
    };
  }

  /** Milliseconds of `windows` windows, `repeats` times over, each from the memory as it is now and is left. */
  time(repeats: number, windows = 1): number[] {
    const { tileStart, outer } = this.program;
    const written = [
      new Uint8Array(this.#instance.memory.buffer, tileStart),
      ...(outer?.state ?? []).map((slot) => this.#instance.view(slot)),
    ];
    const kept = written.map((part) => part.slice());
    return Array.from({ length: repeats }, () => {
      const startedAt = performance.now();
      this.#call(windows);
      const elapsedMs = performance.now() - startedAt;
      written.forEach((part, i) => part.set(kept[i]! as Float32Array));
      return elapsedMs;
    });
  }

  #outerRecord(slot: Slot, windows: number): Tensor {
    const { recordStart, recordBytes } = this.program.outer!;
    const size = sizeOf(slot.shape);
    const data = new (this.#instance.view(slot).constructor as Float32ArrayConstructor)(windows * size);
    for (let window = 0; window < windows; window++) {
      const address = recordStart + window * recordBytes + slot.location.offset;
      data.set(elementsAt(this.#instance.memory, address, size, slot.dtype) as Float32Array, window * size);
    }
    return tensorOf(data, [windows, ...slot.shape], slot.dtype);
  }

  #call(windows: number): void {
    const pool = this.#pool;
    const { outer, tiles } = this.program;
    if (outer !== undefined && pool !== undefined) prepareBarrier(this.#instance.memory, outer.barrier);
    if (pool === undefined || this.#threads === 1) {
      this.#instance.run(windows);
      return;
    }
    const most = Math.min(this.#threads, pool.ready, tiles);
    this.#pace = this.#pace?.most === most ? this.#pace : { most, ...threadPace(most) };
    const threads = this.#pace.choose();
    const startedAt = performance.now();
    this.#instance.runOn(pool, threads, windows);
    this.#pace.took(threads, (performance.now() - startedAt) / windows);
  }

  /** Units that this runner gave out last lie in its memory as they are, unless a call has failed since. */
  #upload(units: unknown): void {
    const isPresent = units === this.#present;
    this.#present = undefined;
    if (isPresent) return;
    const { program } = this;
    tree
      .leaves(units)
      .forEach((leaf, i) => uploadUnits(this.#instance.memory, program, program.unit[i]!, leaf.data));
  }

  #download(): unknown {
    const { program } = this;
    const leaves = program.unit.map((slot) => downloadUnits(this.#instance.memory, program, slot));
    this.#present = tree.unflatten(program.outputs.unit, leaves);
    return this.#present;
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
    const { lanes, members, tiles, count, recordStart, recordStepBytes, length } = this.program;
    const size = sizeOf(slot.shape);
    const data = new (this.#instance.view(slot).constructor as Float32ArrayConstructor)(
      members * count * size,
    );
    for (let tile = 0; tile < tiles; tile++) {
      const address = recordStart + (tile * length + k) * recordStepBytes + slot.location.offset;
      for (let member = 0; member < members; member++) {
        const array = address + member * (slot.location.memberBytes ?? 0);
        const source = elementsAt(this.#instance.memory, array, size * lanes, slot.dtype);
        for (let lane = 0; lane < Math.min(lanes, count - tile * lanes); lane++) {
          const to = (member * count + tile * lanes + lane) * size;
          for (let e = 0; e < size; e++) data[to + e] = source[e * lanes + lane]!;
        }
      }
    }
    return tensorOf(data, [members * count, ...slot.shape], slot.dtype);
  }
}
