/**
 * The seam between what a method computes and the machine that computes it.
 *
 * A method describes the life of ONE unit (one particle, or an antithetic pair of two members that share noise,
 * data and clock) as three traced functions; an executor owns the particle axis and runs them for all units:
 *
 *     begin(shared, unit)                 -> per member: what stays constant over the window, and what is carried;
 *                                            and what `finish` will want to know of it
 *     step(shared, constant, carry)       -> carry                             `length` times, for each member
 *     finish(shared, unit, members, kept) -> the unit's next state; a tree to be averaged over units; per-unit results
 *
 * `reverse` runs the same loop for one member and pulls the gradient of the summed losses back to theta. That is
 * the whole seam: the reference executor runs it through jax-js, the compiled engine as one program.
 */
import type { Tensor } from "../array/index.ts";

export interface Member<Constant, Carry> {
  constant: Constant;
  carry: Carry;
}

export interface ForwardProgram<Shared, Unit, Kept, Constant, Carry, Mean, Each> {
  name: string;
  /** Steps of the loop; 0 for a program without one. */
  length: number;
  begin(shared: Shared, unit: Unit): { members: Member<Constant, Carry>[]; kept: Kept };
  /** `k` counts the steps of this call from 0 (int32 scalar). */
  step(shared: Shared, constant: Constant, carry: Carry, k: Tensor): Carry;
  finish(
    shared: Shared,
    unit: Unit,
    members: Member<Constant, Carry>[],
    kept: Kept,
  ): { unit: Unit; mean: Mean; each: Each };
  /**
   * Paths of leaves of a unit that are equal for all units at every call (and whose next values are): computed once for
   * all. A path names all leaves below it.
   */
  readonly sameForAll?: readonly string[];
  /** What to keep of each member after each step; absent in hot programs. */
  record?(carry: Carry): Record<string, Tensor>;
}

export interface ForwardResult<Unit, Mean, Each> {
  /** The units' next states, [units, …]. */
  units: Unit;
  /** Averaged over units in float64, in an order that depends on their number only. */
  mean: Mean;
  /** Per unit, [units, …]. */
  each: Each;
  /** Recorded leaves, one tensor [members * units, …] per step; positives first. */
  history: Record<string, Tensor>[];
}

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

export interface ReverseProgram<Theta, Shared, Unit, Carry> {
  name: string;
  length: number;
  /** The carry before the first step; may depend on theta. */
  begin(theta: Theta, shared: Shared, unit: Unit): Carry;
  /** One step; the program's loss is the sum of the steps' losses. */
  step(theta: Theta, shared: Shared, carry: Carry, k: Tensor): { carry: Carry; loss: Tensor };
}

export interface ReverseResult<Theta, Carry> {
  /** The last carry per unit, [units, …]. */
  carry: Carry;
  /** Summed loss per unit, float64 [units]. */
  losses: Tensor;
  /** d (summed loss) / d theta, averaged over units as above, in theta's dtype. */
  gradient: Theta;
  /** Steps computed forward, over all units: `length` times units, more with sparse checkpoints. */
  forwardSteps: number;
  /** Most states held at once. */
  statesHeld: number;
}

/** A change of units between windows, made only where `when` (bool per unit) holds for one of them. */
export interface UnitChange<Shared, Unit> {
  when(unit: Unit): Tensor;
  /** Must leave units unchanged for which `when` does not hold. */
  apply(shared: Shared, unit: Unit): Unit;
}

/** Several windows in one call, and what happens between them. */
export interface OuterProgram<Outer, Shared, Unit, Mean, Record> {
  // Whatever else the window is made of.
  window: ForwardProgram<Shared, Unit, never, never, never, Mean, unknown>;
  /** Before each window. */
  restart?: UnitChange<Shared, Unit>;
  /** After each window. */
  settle?: UnitChange<Shared, Unit>;
  share(outer: Outer): Shared;
  /** The next outer state from the means over units (float64), and what to record of this window. */
  update(outer: Outer, mean: Mean): { outer: Outer; record: Record };
}

export interface OuterResult<Outer, Unit, Record> {
  outer: Outer;
  units: Unit;
  /** Recorded leaves, [windows, …]. */
  record: Record;
}

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
  reverse<Theta, Shared, Unit, Carry>(
    program: ReverseProgram<Theta, Shared, Unit, Carry>,
    policy: CheckpointPolicy,
    theta: Theta,
    shared: Shared,
    units: Unit,
  ): ReverseResult<Theta, Carry>;
}
