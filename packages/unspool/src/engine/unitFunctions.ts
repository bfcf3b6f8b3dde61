/** What a program of many units is compiled from: its functions for one unit, and what happens between windows. */
import type { Tensor } from "../array/index.ts";

/** What differs between two members of a unit. */
interface Member {
  constant: unknown;
  carry: unknown;
}

/** The functions of a program, their types forgotten; see `ForwardProgram` of the unroll room. */
export interface UnitFunctions {
  readonly name: string;
  readonly length: number;
  begin(shared: unknown, unit: unknown): { members: Member[]; kept: unknown };
  step(shared: unknown, constant: unknown, carry: unknown, k: Tensor): unknown;
  finish(
    shared: unknown,
    unit: unknown,
    members: Member[],
    kept: unknown,
  ): { unit: unknown; mean: unknown; each: unknown };
  record?(carry: unknown): Record<string, Tensor>;
  /** Paths of leaves of a unit that are equal for all units. */
  readonly sameForAll?: readonly string[];
}

/** Several windows in one call: what happens to units between them, and to what they share. */
export interface OuterFunctions {
  /** Changes units before a window where `when` holds for one of them (bool per unit). */
  readonly restart?: UnitChange;
  /** The same after a window. */
  readonly settle?: UnitChange;
  /** What units share, from the outer state. */
  share(outer: unknown): unknown;
  /** The next outer state from the means over units, and what is recorded of every window. */
  update(outer: unknown, mean: unknown): { outer: unknown; record: unknown };
}

export interface UnitChange {
  when(unit: unknown): Tensor;
  apply(shared: unknown, unit: unknown): unknown;
}

export interface OuterSource {
  readonly functions: OuterFunctions;
  /** The outer state, for its shapes. */
  readonly outer: unknown;
}
