/** Several windows in one call: what happens between them to units and to what they share. */
import type { Tensor } from "../array/index.ts";
import type { ForwardProgram } from "./forwardProgram.ts";

/** A change of units between windows, made only where `when` (bool per unit) holds for one of them. */
export interface UnitChange<Shared = unknown, Unit = unknown> {
  when(unit: Unit): Tensor;
  /** Must leave units unchanged for which `when` does not hold. */
  apply(shared: Shared, unit: Unit): Unit;
}

/** Without type parameters its types are forgotten; see `ForwardProgram`. */
export interface OuterProgram<
  Outer = unknown,
  Shared = unknown,
  Unit = unknown,
  Mean = unknown,
  Record = unknown,
> {
  /** Whatever else the window is made of. */
  readonly window: ForwardProgram<Shared, Unit, unknown, unknown, unknown, Mean>;
  /** Before each window. */
  readonly restart?: UnitChange<Shared, Unit>;
  /** After each window. */
  readonly settle?: UnitChange<Shared, Unit>;
  /** What units share, from the outer state. */
  share(outer: Outer): Shared;
  /** The next outer state from the means over units (float64), and what to record of this window. */
  update(outer: Outer, mean: Mean): { outer: Outer; record: Record };
}

export interface OuterResult<Outer = unknown, Unit = unknown, Record = unknown> {
  outer: Outer;
  units: Unit;
  /** Recorded leaves, [windows, …]. */
  record: Record;
}
