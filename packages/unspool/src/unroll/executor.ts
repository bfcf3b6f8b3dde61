/**
 * Executors: the machines that run the programs of the room `program/`. The reference executor runs them through
 * jax-js, the compiled engine as one program, the host executor around simulators; a method cannot tell them apart.
 */
import type { TensorData } from "../array/index.ts";
import type { TileRange } from "../engine/index.ts";
import type {
  ForwardProgram,
  ForwardResult,
  OuterProgram,
  OuterResult,
  ReverseProgram,
  ReverseResult,
} from "../program/index.ts";

/** How much of a forward pass is kept for the backward pass. */
export type CheckpointPolicy =
  /**
   * Every state: least time, memory linear in the length. The compiled engine keeps with each state what the pullback
   * of its step wants to know, a few times the state, and computes no step twice.
   */
  | "all"
  /** Every sqrt(length)-th state: one more forward pass, memory 2 sqrt(length). */
  | "sqrt"
  /** At most this many states besides the one in use (binomial checkpointing): constant memory, slowly growing time. */
  | { states: number };

export interface Executor {
  readonly name: string;
  /** Compiles once per program object and shapes; later calls run. */
  forward<Shared, Unit, Kept, Constant, Carry, Mean, Each>(
    program: ForwardProgram<Shared, Unit, Kept, Constant, Carry, Mean, Each>,
    shared: Shared,
    units: Unit,
  ): ForwardResult<Unit, Mean, Each>;
  /** A function of `np` functions as a program for arguments like `args`; absent where `jit` does as well. */
  compile?<Args extends readonly unknown[], Out>(
    name: string,
    fn: (...args: Args) => Out,
    args: Args,
  ): (...args: Args) => Out;
  /** At most `windows` windows in one call, as many as it has room for: see the length of the records. */
  outer?<Outer, Shared, Unit, Mean, Record>(
    program: OuterProgram<Outer, Shared, Unit, Mean, Record>,
    outer: Outer,
    units: Unit,
    windows: number,
  ): OuterResult<Outer, Unit, Record>;
  /** The same program for machines that have some of its units each; `outer` and `units` are for their shapes. */
  tiled?<Outer, Shared, Unit, Mean, Record>(
    program: OuterProgram<Outer, Shared, Unit, Mean, Record>,
    outer: Outer,
    units: Unit,
  ): TiledWindows;
  reverse<Theta, Shared, Unit, Carry>(
    program: ReverseProgram<Theta, Shared, Unit, Carry>,
    policy: CheckpointPolicy,
    theta: Theta,
    shared: Shared,
    units: Unit,
  ): ReverseResult<Theta, Carry>;
}

/**
 * Windows of some of the units, in whole tiles, and what becomes of the outer state after each. Sums are added in the order
 * of tiles, whoever computed them: the bits are those of `Executor.outer`.
 */
export interface TiledWindows {
  readonly tiles: number;
  /** Numbers in the sums of one tile. */
  readonly sumSize: number;
  /** For each leaf of the outer state whether units depend on it. */
  readonly isShared: readonly boolean[];
  unitsIn(range: TileRange): number;
  /** Leaves of the units in `range`, [units, …]. */
  load(range: TileRange, leaves: readonly TensorData[]): void;
  save(range: TileRange): TensorData[];
  /** Leaves of the outer state before a window; those that units do not depend on may be undefined. */
  share(leaves: readonly (TensorData | undefined)[]): void;
  /** One window of the units in `range`, which are changed by it: the sums of its tiles, tile after tile. */
  run(range: TileRange): Float64Array;
  /** The next outer state, from the leaves of this one and the sums of all tiles in order, and the window's record. */
  update(outer: readonly TensorData[], sums: Float64Array): { outer: unknown; record: unknown };
}

/** An executor as it is written: it knows none of the types of a program. */
export interface UntypedExecutor extends Pick<Executor, "name" | "compile"> {
  forward(program: ForwardProgram, shared: unknown, units: unknown): ForwardResult;
  outer?(program: OuterProgram, outer: unknown, units: unknown, windows: number): OuterResult;
  tiled?(program: OuterProgram, outer: unknown, units: unknown): TiledWindows;
  reverse(
    program: ReverseProgram,
    policy: CheckpointPolicy,
    theta: unknown,
    shared: unknown,
    units: unknown,
  ): ReverseResult;
}

/**
 * The executor with the types of the programs that it runs. The cast is sound because an executor puts new elements into
 * the trees that a program's own functions returned when they were traced, and those are of the program's types.
 */
export function typedExecutor(executor: UntypedExecutor): Executor {
  return executor as Executor;
}
