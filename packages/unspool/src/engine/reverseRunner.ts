/** A compiled reverse program in memory: arguments in, one call per thread, losses and the gradient out. */
import { type Tensor, tree } from "../array/index.ts";
import type { ReverseResult } from "../program/index.ts";
import { sizeOf } from "./graph/node.ts";
import { createMemory } from "./host.ts";
import { elementsAt } from "./memory.ts";
import { compiledModule, engineStatistics } from "./moduleCache.ts";
import type { CompiledReverseProgram } from "./reverseProgram.ts";
import type { ReverseArguments } from "./reverseTraces.ts";
import type { Slot } from "./section.ts";
import type { Pool, PoolProgram } from "./threads/index.ts";
import { downloadUnits, meanOfTiles, uploadUnits } from "./tileMemory.ts";

export class ReverseRunner {
  readonly program: CompiledReverseProgram;
  readonly #memory: WebAssembly.Memory;
  readonly #instance: WebAssembly.Instance;
  readonly #pool: Pool | undefined;
  readonly #poolProgram: PoolProgram;
  readonly #threads: number;
  /** Milliseconds that V8 needed for the module; 0 if the process had compiled it before. */
  readonly compileMs: number;

  constructor(program: CompiledReverseProgram, pool: Pool | undefined, threads: number) {
    this.program = program;
    this.#pool = pool;
    this.#threads = threads;
    const { pages } = program.layout;
    this.#memory = createMemory({ initial: pages, maximum: pages, isShared: pool !== undefined });
    program.layout.initialise(this.#memory);
    const compiledBefore = engineStatistics().compileMs;
    const module = compiledModule(program.bytes);
    this.compileMs = engineStatistics().compileMs - compiledBefore;
    this.#poolProgram = { module, memory: this.#memory };
    this.#instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
  }

  /** Bytes of linear memory. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  run({ theta, shared, units }: ReverseArguments): ReverseResult {
    const { program } = this;
    const { memory, states } = program;
    tree.leaves(theta).forEach((leaf, i) => this.#write(program.theta[i]!, leaf));
    tree.leaves(shared).forEach((leaf, i) => this.#write(program.shared[i]!, leaf));
    tree.leaves(units).forEach((leaf, i) => uploadUnits(this.#memory, memory, program.unit[i]!, leaf.data));
    this.#call();
    const last = program.last.map((slot) => downloadUnits(this.#memory, memory, slot));
    const means = tree
      .leaves(theta)
      .map((leaf, i) => meanOfTiles(this.#memory, memory, program.gradient[i]!, floatOf(leaf)));
    return {
      carry: tree.unflatten(program.carry, last),
      losses: downloadUnits(this.#memory, memory, program.losses),
      gradient: tree.unflatten(theta, means),
      forwardSteps: states.forwardSteps * memory.count,
      statesHeld: states.held,
    };
  }

  /** Milliseconds of the whole pass, `repeats` times over: it changes none of its arguments. */
  time(repeats: number): number[] {
    return Array.from({ length: repeats }, () => {
      const startedAt = performance.now();
      this.#call();
      return performance.now() - startedAt;
    });
  }

  #call(): void {
    const threads = Math.min(this.#threads, this.#pool?.ready ?? 1, this.program.memory.tiles);
    if (this.#pool !== undefined && threads > 1) {
      this.#pool.run(this.#poolProgram, this.#instance, "run", [], threads);
      return;
    }
    (this.#instance.exports["run"] as (thread: number, threads: number) => void)(0, 1);
  }

  #write({ location, shape, dtype }: Slot, { data }: Tensor): void {
    elementsAt(this.#memory, location.offset, sizeOf(shape), dtype).set(data);
  }
}

function floatOf({ dtype }: Tensor): "float32" | "float64" {
  if (dtype === "float32" || dtype === "float64") return dtype;
  throw new Error(`internal: a gradient by a leaf of theta of dtype ${dtype}`);
}
