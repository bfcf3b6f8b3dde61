/**
 * What a method asks of an executor, forward in time: the life of ONE unit (one particle, or an antithetic pair of two
 * members that share noise, data and clock) as three traced functions. An executor owns the axis of units and runs them
 * for all units:
 *
 *     begin(shared, unit)                 -> per member: what stays constant over the window, and what is carried;
 *                                            and what `finish` will want to know of it
 *     step(shared, constant, carry)       -> carry                             `length` times, for each member
 *     finish(shared, unit, members, kept) -> the unit's next state; a tree to be averaged over units; per-unit results
 *
 * Every type parameter has the default `unknown`: `ForwardProgram` without parameters is a program whose types are
 * forgotten, which is what executors work with. A program of any types is one without a cast, because its functions are
 * declared as methods; whoever runs it must hand them only the arguments it was given for them, and what they returned.
 */
import type { Tensor } from "../array/index.ts";

/** What differs between the members of a unit. */
export interface Member<Constant = unknown, Carry = unknown> {
  constant: Constant;
  carry: Carry;
}

export interface ForwardProgram<
  Shared = unknown,
  Unit = unknown,
  Kept = unknown,
  Constant = unknown,
  Carry = unknown,
  Mean = unknown,
  Each = unknown,
> {
  readonly name: string;
  /** Steps of the loop; 0 for a program without one. */
  readonly length: number;
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

export interface ForwardResult<Unit = unknown, Mean = unknown, Each = unknown> {
  /** The units' next states, [units, …]. */
  units: Unit;
  /** Averaged over units in float64, in an order that depends on their number only. */
  mean: Mean;
  /** Per unit, [units, …]. */
  each: Each;
  /** Recorded leaves, one tensor [members * units, …] per step; positives first. */
  history: Record<string, Tensor>[];
}
