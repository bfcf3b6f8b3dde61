/** The cells of a study that are open, taken one after the other or several at once. */
import type { Board } from "./board.ts";
import { type BrokenCell, isOfCell } from "./cellError.ts";
import { type CellHooks, runCell } from "./runCell.ts";
import type { StudyLoopOptions } from "./runStudy.ts";
import type { Cell } from "./study.ts";
import type { StudyEvent } from "./studyEvents.ts";
import type { StudyStore } from "./studyStore.ts";

export interface Work extends StudyLoopOptions {
  jobs: number;
  /** Cells that have thrown already, which are not tried again. */
  broken: readonly BrokenCell[];
  emit(event: StudyEvent): void;
}

/**
 * Runs what is open and whose `after` are done, `jobs` at once, until nothing is left that can be run here. Returns the
 * cells whose own code threw: the others do not depend on it.
 */
export async function workOff(
  { cells, store }: { cells: readonly Cell[]; store: StudyStore },
  board: Board,
  { jobs, only, broken: before, signal, emit, runElsewhere, checkpointEvery, origin, isForced }: Work,
): Promise<BrokenCell[]> {
  const isWanted = (id: string): boolean =>
    only === undefined
      ? board.statusOf(id) === "open" && !before.some((cell) => cell.id === id)
      : only.includes(id) && board.statusOf(id) !== "done";
  const waiting = new Set(cells.filter(({ id }) => isWanted(id)));
  const take = async (cell: Cell): Promise<void> => {
    const hooks: CellHooks = {
      signal,
      checkpointEvery,
      origin,
      isForced,
      onEvent: (event) => emit({ type: "cell", id: cell.id, event }),
    };
    const end =
      runElsewhere === undefined
        ? await runCell(cell, board.results(), store.cell(cell.id), hooks)
        : await runElsewhere(cell.id, hooks);
    await board.look(cell);
    emit({ type: "cell-end", id: cell.id, ...end });
  };
  const isReady = ({ after = [] }: Cell): boolean => after.every((id) => board.statusOf(id) === "done");
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  const broken: BrokenCell[] = [];
  const fail = (id: string, error: unknown): void => {
    if (!isOfCell(error)) return void errors.push(error);
    broken.push({ id, error });
    const { code, message } = error;
    emit({ type: "cell-end", id, status: "failed", error: { code, message } });
  };
  for (;;) {
    const next = errors.length > 0 || signal?.aborted === true ? undefined : [...waiting].find(isReady);
    if (next !== undefined && running.size < jobs) {
      waiting.delete(next);
      const job: Promise<void> = take(next)
        .catch((error: unknown) => fail(next.id, error))
        .finally(() => running.delete(job));
      running.add(job);
      continue;
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (errors.length > 0) throw errors[0];
  return broken;
}
