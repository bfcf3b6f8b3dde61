/** What a study tells while it goes on. Events are plain data. */
import type { TrainEvent } from "../events.ts";
import type { BlockedCell } from "./blockedCells.ts";
import type { StudySummary } from "./study.ts";

export type StudyEvent =
  StudyStartEvent | CellEvent | CellEndEvent | StudyGrowEvent | StudyWarningEvent | StudyEndEvent;

/** `open`: not begun, or begun and stopped. */
export type CellStatus = "open" | "done" | "failed" | "interrupted" | "elsewhere";

/** The cells are known; those that are open come next. */
export interface StudyStartEvent {
  type: "study";
  study: string;
  /** As parsed. */
  config: unknown;
  seed: number;
  cells: readonly { id: string; status: CellStatus }[];
  /** Where the study is kept. */
  store: string;
}

/** Something happened in a cell. */
export interface CellEvent {
  type: "cell";
  id: string;
  event: TrainEvent;
}

/** A cell is left: done, failed, stopped, or held by another process. */
export interface CellEndEvent {
  type: "cell-end";
  id: string;
  status: Exclude<CellStatus, "open">;
  error?: { code: string; message: string };
}

/** All that could run has ended, and the study goes on with further cells, or with cells that go on. */
export interface StudyGrowEvent {
  type: "study-grow";
  /** What was decided, in a sentence. */
  note: string;
  /** All cells, in their order. */
  cells: readonly { id: string; status: CellStatus }[];
}

/** Something is not as it should be, and the study goes on all the same. */
export interface StudyWarningEvent {
  type: "warning";
  message: string;
}

/** The last event of a study that did not fail. */
export interface StudyEndEvent {
  type: "study-end";
  /** Cells that have ended, and all. */
  ended: number;
  cells: number;
  /** Cells that can never run, because one that they come after failed. */
  blocked: readonly BlockedCell[];
  interrupted: boolean;
  summary: StudySummary;
}
