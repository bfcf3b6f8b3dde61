/** A compiled program in a memory of its own: its module, its instance on this thread, and how threads call it. */
import type { TensorData } from "../array/index.ts";
import { sizeOf } from "./graph/node.ts";
import { createMemory } from "./host.ts";
import { type MemoryLayout, elementsAt } from "./memory.ts";
import { compiledModule, engineStatistics } from "./moduleCache.ts";
import type { Slot } from "./section.ts";
import type { Pool, PoolProgram } from "./threads/index.ts";

export class ProgramInstance {
  readonly memory: WebAssembly.Memory;
  /** Milliseconds that V8 needed for the module; 0 if the process had compiled it before. */
  readonly compileMs: number;
  readonly #instance: WebAssembly.Instance;
  readonly #poolProgram: PoolProgram;

  /** The memory is shared where there is a pool; `barrier` is where its threads wait for each other in a call. */
  constructor(
    { bytes, layout }: { bytes: Uint8Array<ArrayBuffer>; layout: MemoryLayout },
    pool: Pool | undefined,
    barrier?: number,
  ) {
    const { pages } = layout;
    this.memory = createMemory({ initial: pages, maximum: pages, isShared: pool !== undefined });
    layout.initialise(this.memory);
    const compiledBefore = engineStatistics().compileMs;
    const module = compiledModule(bytes);
    this.compileMs = engineStatistics().compileMs - compiledBefore;
    this.#poolProgram = { module, memory: this.memory, ...(barrier !== undefined && { barrier }) };
    this.#instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
  }

  /** Bytes of linear memory. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** The elements of a slot at an absolute address. */
  view({ location, shape, dtype }: Slot): TensorData {
    return elementsAt(this.memory, location.offset, sizeOf(shape), dtype);
  }

  /** All tiles, on this thread. */
  run(...args: number[]): void {
    (this.#instance.exports["run"] as (...args: number[]) => void)(0, 1, ...args);
  }

  /** Another function of the module, on this thread. */
  call(name: string, ...args: number[]): void {
    (this.#instance.exports[name] as (...args: number[]) => void)(...args);
  }

  /** All tiles, shared by `threads` threads. */
  runOn(pool: Pool, threads: number, ...args: number[]): void {
    pool.run(this.#poolProgram, this.#instance, "run", args, threads);
  }
}
