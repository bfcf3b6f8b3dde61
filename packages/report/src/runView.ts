/** A run as a page shows it: everything that stands in its folder, as plain data. */
import type { Evaluation, Figure, RunManifest, StepRecord } from "unspool/train";

/** A run's `config.json`, with what the command says there about itself, if it ran it. */
export interface ViewedManifest extends RunManifest {
  command?: { file?: string; engine?: string; threads?: number; fma?: boolean };
}

export interface RunView {
  /** Tells the run apart from the others of the report. */
  label: string;
  /** Absolute path of the folder. */
  folder: string;
  manifest: ViewedManifest;
  /** Of the experiment. */
  about: ExperimentInfo;
  metrics: readonly StepRecord[];
  evaluation: Evaluation | undefined;
  figures: readonly Figure[];
  /** Why a figure of the folder is not there. */
  figureProblems?: readonly string[];
}

export type ExperimentInfo = NonNullable<RunManifest["about"]>;

/** Milliseconds spent on outer steps. */
export function computingTime(run: RunView): number {
  return run.metrics.reduce((sum, { durationMs }) => sum + (Number.isFinite(durationMs) ? durationMs : 0), 0);
}
