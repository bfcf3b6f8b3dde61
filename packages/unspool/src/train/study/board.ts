/** What is known of the cells of a study while it goes on: which have ended, and what has come of them. */
import { otherFile } from "../origin.ts";
import type { LoopOptions } from "../runLoop.ts";
import { hasEnded, resultOf } from "./runCell.ts";
import type { Cell, CellResult, CellResults } from "./study.ts";
import type { CellStatus } from "./studyEvents.ts";
import type { StudyStore } from "./studyStore.ts";

export interface Board {
  statusOf(id: string): CellStatus;
  /** Reads what has become of a cell. */
  look(cell: Cell): Promise<void>;
  results(): CellResults;
  /** Takes further cells, and later places to stop at of those that it has. */
  grow(cells: readonly Cell[]): Promise<void>;
  /** Ids of the cells that had ended at first, and were computed by another file than today's. */
  changed: readonly string[];
}

export async function readBoard(
  first: readonly Cell[],
  store: StudyStore,
  origin: LoopOptions["origin"],
): Promise<Board> {
  let cells = first;
  const changed: string[] = [];
  const found = new Map<string, CellResult>();
  const inOrder = (): CellResults =>
    new Map(cells.flatMap(({ id }) => (found.has(id) ? [[id, found.get(id)!] as const] : [])));
  const board: Board = {
    statusOf(id) {
      const result = found.get(id);
      if (result === undefined) return "open";
      return result.failure === undefined ? "done" : "failed";
    },
    async look(cell) {
      const cellStore = store.cell(cell.id);
      const manifest = await cellStore.readManifest();
      // One that failed may have begun again.
      found.delete(cell.id);
      if (manifest === undefined || !hasEnded(manifest, cell.until)) return;
      found.set(cell.id, await resultOf(cell, cellStore, manifest, found));
      if (otherFile(manifest.origin, origin) !== undefined) changed.push(cell.id);
    },
    results: inOrder,
    async grow(now) {
      const before = new Map(cells.map((cell) => [cell.id, cell]));
      cells = now;
      for (const cell of now) {
        const known = before.get(cell.id);
        if (known === undefined || known.until !== cell.until) await board.look(cell);
      }
    },
    changed,
  };
  for (const cell of cells) await board.look(cell);
  return { ...board, changed: [...changed] };
}
