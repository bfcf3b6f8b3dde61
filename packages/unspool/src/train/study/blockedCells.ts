/** Which cells can never begin: those after one that failed, and those after such a one. */
import type { Cell } from "./study.ts";
import type { CellStatus } from "./studyEvents.ts";

/** A cell that cannot run, and why. */
export interface BlockedCell {
  readonly id: string;
  /** Ids of the cells that failed, in the order of the study, among those that it comes after, directly or not. */
  readonly failed: readonly string[];
}

/** In the order of the study. A failed cell fails again in every run of its config and seed, so nothing unblocks them. */
export function blockedCells(
  cells: readonly Cell[],
  statusOf: (id: string) => CellStatus,
): readonly BlockedCell[] {
  const causes = new Map<string, ReadonlySet<string>>();
  // A cell comes after earlier ones only.
  for (const { id, after = [] } of cells) {
    const own = statusOf(id);
    if (own === "done") continue;
    const found = after.flatMap((other) => [...(causes.get(other) ?? [])]);
    causes.set(id, new Set(own === "failed" ? [id] : found));
  }
  return cells.flatMap(({ id }) => {
    const of = causes.get(id);
    if (of === undefined || of.size === 0 || of.has(id)) return [];
    return [{ id, failed: cells.map((cell) => cell.id).filter((other) => of.has(other)) }];
  });
}
