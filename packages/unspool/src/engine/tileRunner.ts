/**
 * Some tiles of a program of several windows, or its outer state alone: what one machine of many computes. Every machine
 * has the whole program and so the same tiles; tiles' sums are added in their order by the one that has the outer state.
 * Memory of tiles that a machine never touches costs it nothing.
 */
import { type Tensor, type TensorData, tensorOf, tree } from "../array/index.ts";
import { sizeOf } from "./graph/node.ts";
import { ProgramInstance } from "./programInstance.ts";
import type { Slot } from "./section.ts";
import { type TileRange, downloadUnits, unitsIn, uploadUnits } from "./tileMemory.ts";
import type { UnitProgram } from "./unitProgram.ts";

export class TileRunner {
  readonly program: UnitProgram;
  readonly #instance: ProgramInstance;

  /** `program` is one of several windows, for one thread. */
  constructor(program: UnitProgram) {
    this.program = program;
    this.#instance = new ProgramInstance(program, undefined);
  }

  get isShared(): readonly boolean[] {
    return this.program.outer!.isShared;
  }

  get tiles(): number {
    return this.program.tiles;
  }

  unitsIn(range: TileRange): number {
    return unitsIn(this.program, range);
  }

  /** Numbers in one tile's sums. */
  get sumSize(): number {
    return this.program.mean.reduce((sum, slot) => sum + sizeOf(slot.shape), 0);
  }

  /** Leaves of units in `range`, [units, …]. */
  load(range: TileRange, leaves: readonly TensorData[]): void {
    this.program.unit.forEach((slot, i) =>
      uploadUnits(this.#instance.memory, this.program, slot, leaves[i]!, range),
    );
  }

  save(range: TileRange): TensorData[] {
    return this.program.unit.map(
      (slot) => downloadUnits(this.#instance.memory, this.program, slot, range).data,
    );
  }

  /** The outer state of the next window: `leaves` of it, undefined where nothing of the window reads them. */
  share(leaves: readonly (TensorData | undefined)[]): void {
    this.program.outer!.state.forEach((slot, i) => {
      if (leaves[i] !== undefined) this.#instance.view(slot).set(leaves[i] as Float32Array);
    });
    this.#instance.call("share");
  }

  /** One window of the units in `range`: the sums of its tiles, tile after tile. */
  run({ from, to }: TileRange): Float64Array {
    this.#instance.call("tiles", from, to);
    const sums = new Float64Array((to - from) * this.sumSize);
    let at = 0;
    this.#eachSum(from, to, (part) => {
      sums.set(part, at);
      at += part.length;
    });
    return sums;
  }

  /** The next outer state, from the sums of all tiles in order. */
  update(outer: readonly TensorData[], sums: Float64Array): { outer: unknown; record: unknown } {
    const part = this.program.outer!;
    part.state.forEach((slot, i) => this.#instance.view(slot).set(outer[i]! as Float32Array));
    let at = 0;
    this.#eachSum(0, this.tiles, (one) => {
      one.set(sums.subarray(at, at + one.length));
      at += one.length;
    });
    this.#instance.call("update");
    const read = (slot: Slot, first = 0): Tensor => {
      const place = { ...slot, location: { ...slot.location, offset: first + slot.location.offset } };
      return tensorOf(this.#instance.view(place).slice(), slot.shape, slot.dtype);
    };
    return {
      outer: tree.unflatten(
        part.stateTree,
        part.state.map((slot) => read(slot)),
      ),
      record: tree.unflatten(
        part.recordTree,
        part.record.map((slot) => read(slot, part.recordStart)),
      ),
    };
  }

  #eachSum(from: number, to: number, visit: (part: Float64Array) => void): void {
    const { mean, tileStart, tileBytes } = this.program;
    for (let tile = from; tile < to; tile++)
      for (const { location, shape } of mean)
        visit(
          new Float64Array(
            this.#instance.memory.buffer,
            tileStart + tile * tileBytes + location.offset,
            sizeOf(shape),
          ),
        );
  }
}
