/** How far a run or a study is, as the main thread hears it: what an interrupt can keep, and what it costs. */
import type { StudyEvent, TrainEvent } from "unspool/train";
import type { Phase } from "../output/reporter.ts";
import type { ReporterCall } from "./control.ts";

/** How far a study is. */
export interface StudyPlace {
  dir: string;
  /** Its cells run in processes of their own: the thread hears at once. */
  hasJobs: boolean;
  ended: number;
  cells: number;
}

/** How far a run is, as its events say. Of a study: the run in the cell that was last heard of. */
export interface Progress {
  phase: Phase;
  dir: string | undefined;
  steps: number;
  checkpointed: number;
  loss: number | undefined;
  /** Its evaluation has measured something through `measure`. */
  hasMeasured?: boolean;
  study?: StudyPlace;
}

/** Keeps `progress` up to date with a call of the run's reporter. */
export function hear(progress: Progress, { name, args }: ReporterCall, hasJobs: boolean): void {
  if (name === "finished" || name === "studyFinished") progress.phase = "reporting";
  if (name === "studyEvent") hearStudy(progress, args[0] as StudyEvent, hasJobs);
  if (name !== "trainEvent") return;
  hearRun(progress, args[0] as TrainEvent);
}

function hearStudy(progress: Progress, event: StudyEvent, hasJobs: boolean): void {
  if (event.type === "study") {
    const ended = event.cells.filter(({ status }) => status !== "open").length;
    progress.study = { dir: event.store, hasJobs, ended, cells: event.cells.length };
    if (hasJobs) progress.phase = "stepping";
  } else if (event.type === "cell" && !hasJobs) hearRun(progress, event.event);
  else if (event.type === "cell-end") {
    const study = progress.study!;
    if (event.status === "done" || event.status === "failed") study.ended++;
    const isLast = study.ended === study.cells || event.status === "interrupted";
    if (!hasJobs) Object.assign(progress, { phase: isLast ? "summarising" : "preparing", dir: undefined });
    else if (study.ended === study.cells) progress.phase = "summarising";
  } else if (event.type === "study-grow") {
    const ended = event.cells.filter(({ status }) => status !== "open").length;
    Object.assign(progress.study!, { ended, cells: event.cells.length });
    progress.phase = hasJobs ? "stepping" : "preparing";
  } else if (event.type === "study-end") progress.phase = "reporting";
}

export const isCellEnd = ({ name, args }: ReporterCall): boolean =>
  name === "studyEvent" && (args[0] as StudyEvent).type === "cell-end";

function hearRun(progress: Progress, event: TrainEvent): void {
  if (event.type === "start") {
    const { store, step, steps } = event;
    Object.assign(progress, { phase: "stepping", dir: store, steps, checkpointed: step, hasMeasured: false });
  } else if (event.type === "step") progress.loss = event.record.loss;
  else if (event.type === "checkpoint") progress.checkpointed = event.step;
  else if (event.type === "measure") progress.hasMeasured = true;
  else if (event.type === "evaluate") progress.phase = "evaluating";
  else if (event.type === "done") progress.phase = "reporting";
}
