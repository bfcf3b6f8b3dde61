/** What a command tells while it works, to a person or to a program. */
import type { BlockedCell, Evaluation, StudyEvent, StudySummary, TrainEvent } from "unspool/train";
import type { QueueProgress } from "@unspool/workers";
import { jsonReporter } from "./jsonReporter.ts";
import { stderr, stdout } from "./safeOutput.ts";
import { textReporter } from "./textReporter.ts";

export interface Reporter {
  /** Something is about to take a while. People only. */
  preparing(what: string): void;
  /** Something is not as expected, and the command goes on. */
  warning(message: string): void;
  trainEvent(event: TrainEvent): void;
  studyEvent(event: StudyEvent): void;
  /** How far all cells are that go through a queue. */
  queueProgress(told: QueueProgress): void;
  /** The run is to stop; the outer step under way is being finished. */
  interrupting(): void;
  /** The last word of a run. */
  finished(summary: RunSummary): void;
  /** The last word of a study. */
  studyFinished(told: StudyTold): void;
  /** The last word of a command that is not a run: lines for people, an event for programs. */
  answer(lines: readonly string[], event: Readonly<Record<string, unknown>>): void;
  /** The last word of a command that failed. */
  failed(failure: FailureReport): void;
}

export interface RunSummary {
  /** The run's folder; undefined where there is none yet. */
  run: string | undefined;
  /** The command that continues it, if there is something to continue. */
  resume: string | undefined;
  isInterrupted: boolean;
  /** Outer steps done, and asked for. */
  step: number;
  steps: number;
  /** Of the last outer step; undefined if there was none. */
  loss: number | undefined;
  /** By leaf path; null where theta is too large to print. */
  theta: Record<string, number[]> | null;
  evaluation: Evaluation | undefined;
  /** Of this invocation. */
  stepsPerSecond: number;
  durationMs: number;
  /** The report's path; undefined if none was written. */
  report: string | undefined;
  /** Of an interrupted run: what had to be given up, as a sentence. */
  lost?: string | undefined;
}

/** What a sweep found. */
export interface BestSetting {
  setting: string;
  /** What it is ranked by, the mean over its seeds. */
  value: number;
  by: string;
  /** Other settings whose paired difference to it has 0 in its 95 % interval, or no interval. */
  notToldApart: number;
  /** Runs it alone. */
  command: string;
}

/** What an interrupted study has left at a queue. */
export interface QueueLeft {
  /** Cells that workers go on with. */
  atWorkers: number;
  /** Cells that had not begun, and were taken out of the queue. */
  withdrawn: number;
}

export interface StudyTold {
  /** The study's folder. */
  study: string;
  isInterrupted: boolean;
  /** Cells that have ended, and all. */
  ended: number;
  cells: number;
  /** Those that ended where their numbers did; of a sweep also those whose code threw, which are open to be tried again. */
  failed: readonly { id: string; message: string; isOpen?: true }[];
  /** Those that can never run, because they come after such a one. */
  blocked: readonly BlockedCell[];
  /** The command that continues it, if there is something that can be continued. */
  resume: string | undefined;
  /** The command that starts it anew, where that is what helps. */
  again?: string;
  /** Of a sweep that was not interrupted. */
  best?: BestSetting | undefined;
  /** Undefined where it could not be made any more. */
  summary: StudySummary | undefined;
  /** Of this invocation. */
  durationMs: number;
  /** The report's path; undefined if none was written. */
  report: string | undefined;
  /** Of an interrupted study: what had to be given up, as a sentence. */
  lost?: string | undefined;
  /** Of an interrupted study whose cells went through a queue. */
  queued?: QueueLeft | undefined;
}

/** What a run, or the study that it is a cell of, is in the middle of. */
export type Phase = "preparing" | "stepping" | "evaluating" | "summarising" | "reporting";

/**
 * What an interrupt in the middle of something costs. `stepsLost` are done and in no checkpoint; `hasMeasured` is whether
 * the evaluation has measured something that is kept.
 */
export function describeLoss(
  phase: Phase,
  stepsLost: number,
  dir: string | undefined,
  isResume: boolean,
  hasMeasured = false,
): string {
  if (phase === "preparing")
    return isResume ? "Nothing was lost." : "The run had not begun, and left no folder.";
  if (phase === "evaluating")
    return hasMeasured
      ? "Lost: the evaluation under way; resume goes on with what is measured of it."
      : "Lost: the evaluation under way, which resume begins again. All steps are kept.";
  if (phase === "summarising") return "Lost: the summary, which resume makes.";
  if (phase === "reporting") return `Lost: the report, which is written by: unspool report ${dir}`;
  const before = stepsLost === 0 ? "" : ` and the ${stepsLost} before it, since the last checkpoint`;
  return `Lost: the outer step under way${before}; resume makes them again.`;
}

export interface FailureReport {
  code: string;
  message: string;
  /** Where in the user's file, or a whole stack. */
  trace: string | undefined;
  details: Readonly<Record<string, unknown>>;
}

export function createReporter(isJson: boolean): Reporter {
  return isJson ? jsonReporter(stdout, stderr) : textReporter(stdout, stderr);
}
