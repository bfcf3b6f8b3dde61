/** A compiled reverse program in memory: arguments in, one call per thread, losses and the gradient out. */
import { type Tensor, tree } from "../array/index.ts";
import type { ReverseResult } from "../program/index.ts";
import { ProgramInstance } from "./programInstance.ts";
import type { CompiledReverseProgram } from "./reverseProgram.ts";
import type { ReverseArguments } from "./reverseTraces.ts";
import type { Pool } from "./threads/index.ts";
import { downloadUnits, meanOfTiles, uploadUnits } from "./tileMemory.ts";

export class ReverseRunner {
  readonly program: CompiledReverseProgram;
  readonly #instance: ProgramInstance;
  readonly #pool: Pool | undefined;
  readonly #threads: number;

  constructor(program: CompiledReverseProgram, pool: Pool | undefined, threads: number) {
    this.program = program;
    this.#pool = pool;
    this.#threads = threads;
    this.#instance = new ProgramInstance(program, pool);
  }

  /** Milliseconds that V8 needed for the module; 0 if the process had compiled it before. */
  get compileMs(): number {
    return this.#instance.compileMs;
  }

  /** Bytes of linear memory. */
  get bytes(): number {
    return this.#instance.bytes;
  }

  run({ theta, shared, units }: ReverseArguments): ReverseResult {
    const { program } = this;
    const { memory, states } = program;
    tree.leaves(theta).forEach((leaf, i) => this.#instance.view(program.theta[i]!).set(leaf.data));
    tree.leaves(shared).forEach((leaf, i) => this.#instance.view(program.shared[i]!).set(leaf.data));
    tree
      .leaves(units)
      .forEach((leaf, i) => uploadUnits(this.#instance.memory, memory, program.unit[i]!, leaf.data));
    this.#call();
    const last = program.last.map((slot) => downloadUnits(this.#instance.memory, memory, slot));
    const means = tree
      .leaves(theta)
      .map((leaf, i) => meanOfTiles(this.#instance.memory, memory, program.gradient[i]!, floatOf(leaf)));
    return {
      carry: tree.unflatten(program.carry, last),
      losses: downloadUnits(this.#instance.memory, memory, program.losses),
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
      this.#instance.runOn(this.#pool, threads);
      return;
    }
    this.#instance.run();
  }
}

function floatOf({ dtype }: Tensor): "float32" | "float64" {
  if (dtype === "float32" || dtype === "float64") return dtype;
  throw new Error(`internal: a gradient by a leaf of theta of dtype ${dtype}`);
}
