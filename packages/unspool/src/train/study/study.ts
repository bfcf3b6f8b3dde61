/**
 * A study: an experiment made of cells, each an ordinary run, and a summary of their results. Work of more than two
 * seconds is in the steps of a cell: there it is logged, can be stopped, goes on to the same bits, and can be done by
 * another process.
 */
import type { Evaluation, Experiment, Schema, StepRecord } from "../experiment.ts";
import type { Figure } from "../figure.ts";

/** A table as people read it. */
export type Table = NonNullable<Evaluation["table"]>;

/** One run of a study. */
export interface Cell {
  /** Unique in the study; also the name of its folder: letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** What is run, or, where that depends on the results of the cells named in `after`, a function that makes it. */
  readonly experiment: Experiment | ((results: CellResults) => Experiment | Promise<Experiment>);
  /** Not parsed yet: the experiment does that. Default `{}`. */
  readonly config?: unknown;
  readonly seed: number;
  /** Outer steps. Default: the experiment's own. */
  readonly steps?: number | undefined;
  /** Outer steps after which it stops and is evaluated; of a study that grows it may go on later. Default: all of them. */
  readonly until?: number | undefined;
  /** Ids of cells that must be done before this one begins: if one of them fails, it never does. Default: none. */
  readonly after?: readonly string[] | undefined;
}

/** What has come of a cell that has ended. */
export interface CellResult {
  readonly id: string;
  /** As parsed. */
  readonly config: unknown;
  readonly seed: number;
  readonly metrics: readonly StepRecord[];
  readonly evaluation: Evaluation | undefined;
  /** Why the cell ended before its last step: its loss became NaN, say. Absent for a cell that is done. */
  readonly failure?: { code: string; message: string };
  /** The theta to keep. Of a cell that failed: that of its last checkpoint. */
  theta(): Promise<unknown>;
}

/** By id, in the order of the study's cells; those that have not ended are not there. */
export type CellResults = ReadonlyMap<string, CellResult>;

/** What a study comes to. The same cells give the same bits of it, but for `times`. */
export interface StudySummary {
  /** Named numbers: machine-readable result. */
  metrics?: Record<string, number>;
  tables?: readonly Table[];
  figures?: readonly Figure[];
  /** What was measured with a clock: of one machine, and other in every run. */
  times?: { tables?: readonly Table[]; figures?: readonly Figure[] };
}

/** What a study that grows goes on with. */
export interface StudyGrowth<Config = unknown> {
  /** Not parsed yet: the study does that. */
  readonly config: Config;
  /** What was decided, in a sentence. */
  readonly note: string;
}

export interface Study<Config = unknown> {
  /** Kebab-case; also the first word after `unspool run`. */
  readonly name: string;
  /** One sentence for `unspool list`. */
  readonly summary: string;
  /** Citation of the figures that are redrawn. */
  readonly paper?: string;
  readonly config: Schema<Config>;
  /** The cells for a parsed config and the study's seed. Cheap: data is loaded by their experiments. */
  cells(config: Config, seed: number): readonly Cell[];
  /**
   * Of a study that grows by its results: the config with further cells, or with cells that go on, once all that can be run
   * has ended; undefined where nothing more is to come. It is written before its cells begin, so that no result is judged
   * twice. Cells that there are stay as they are, but for `until`. Default: the study does not grow.
   */
  grow?(
    results: CellResults,
    config: Config,
  ): StudyGrowth<Config> | undefined | Promise<StudyGrowth<Config> | undefined>;
  /** Tables and figures from the cells that have ended, which may be some of them only, or none. */
  summarise(results: CellResults, config: Config): StudySummary | Promise<StudySummary>;
}

/** Identity, for inference of the type of config. */
export function defineStudy<Config>(study: Study<Config>): Study<Config> {
  return study;
}
