/** What a run tells while it goes on: for progress bars, dashboards and logs. Events are plain data. */
import type { Evaluation, StepRecord } from "./experiment.ts";

export type TrainEvent =
  StartEvent | StepEvent | CheckpointEvent | WarningEvent | EvaluateEvent | MeasureEvent | DoneEvent;

/** The run is set up; its first outer step comes next. */
export interface StartEvent {
  type: "start";
  experiment: string;
  /** As parsed. */
  config: unknown;
  seed: number;
  /** Outer steps already done: 0, or where a resumed run goes on. */
  step: number;
  /** Outer steps of the whole run. */
  steps: number;
  /** Where the run is kept; undefined in memory. */
  store: string | undefined;
}

/** One outer step is done. */
export interface StepEvent {
  type: "step";
  record: StepRecord;
  steps: number;
}

/** A checkpoint is safely written. */
export interface CheckpointEvent {
  type: "checkpoint";
  step: number;
}

/** Something is not as it should be, and the run goes on all the same. May come before "start". */
export interface WarningEvent {
  type: "warning";
  message: string;
}

/** All outer steps are done; evaluation and figures are being computed. */
export interface EvaluateEvent {
  type: "evaluate";
  step: number;
}

/** Part of a measurement is done, after "evaluate". */
export interface MeasureEvent {
  type: "measure";
  /** Of the measurement. */
  name: string;
  /** Parts done of it, and all. */
  part: number;
  parts: number;
  durationMs: number;
}

/** The last event of a run that did not fail. */
export interface DoneEvent {
  type: "done";
  step: number;
  steps: number;
  interrupted: boolean;
  evaluation: Evaluation | undefined;
}
