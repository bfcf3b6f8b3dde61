/** What a command tells while it works, to a person or to a program. */
import type { Evaluation, TrainEvent } from "unspool/train";
import { jsonReporter } from "./jsonReporter.ts";
import { textReporter } from "./textReporter.ts";

export interface Reporter {
  /** Something is about to take a while. People only. */
  preparing(what: string): void;
  /** Something is not as expected, and the command goes on. */
  warning(message: string): void;
  trainEvent(event: TrainEvent): void;
  /** Ctrl-C was heard; the outer step under way is being finished. */
  interrupting(): void;
  /** The last word of a run. */
  finished(summary: RunSummary): void;
  /** The last word of a command that is not a run: lines for people, an event for programs. */
  answer(lines: readonly string[], event: Readonly<Record<string, unknown>>): void;
  /** The last word of a command that failed. */
  failed(failure: FailureReport): void;
}

export interface RunSummary {
  /** The run's folder. */
  run: string;
  /** The command that continues it. */
  resume: string;
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
}

export interface FailureReport {
  code: string;
  message: string;
  /** Where in the user's file, or a whole stack. */
  trace: string | undefined;
  details: Readonly<Record<string, unknown>>;
}

export function createReporter(isJson: boolean): Reporter {
  return isJson ? jsonReporter(process.stdout, process.stderr) : textReporter(process.stdout, process.stderr);
}
