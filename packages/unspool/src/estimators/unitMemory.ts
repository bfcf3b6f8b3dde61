/** The memory that units take, computed before they are made. */
import { tree } from "../array/index.ts";
import { requireMemory } from "../sizes.ts";

/** Clocks, keys and losses of one unit, and what JavaScript needs to make them. */
const bytesPerUnit = 128;

const widthOf = { float32: 4, float64: 8, int32: 4, uint32: 4, bool: 4 } as const;

/** Bytes of all leaves of a tree. */
export function bytesOf(of: unknown): number {
  return tree.leaves(of).reduce((sum, { size, dtype }) => sum + size * widthOf[dtype], 0);
}

/** Throws `OptionError` if so many units cannot be held, whatever their states. */
export function requireUnits(where: string, option: string, count: number): void {
  requireMemory({ where, option, given: count, bytes: count * bytesPerUnit, of: `so many ${option}` });
}

/** The same for units with what each of them carries: trees of one unit. */
export function requireUnitStates(where: string, option: string, count: number, ...carried: unknown[]): void {
  const bytes = count * (bytesPerUnit + carried.reduce((sum: number, one) => sum + bytesOf(one), 0));
  requireMemory({ where, option, given: count, bytes, of: "their states and perturbations" });
}
