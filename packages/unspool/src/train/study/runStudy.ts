/** `runStudy`, `resumeStudy` and `growStudy`: the cells that have not ended, one after the other or several at once, and a summary. */
import { random } from "../../array/index.ts";
import {
  ResumeError,
  UnspoolError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
} from "../../errors.ts";
import { canonicalJson } from "../checkpoint.ts";
import { requireOwnConfig, requireParsed } from "../ownConfig.ts";
import type { CheckpointEvery, LoopOptions } from "../runLoop.ts";
import { requireCheckpointEvery } from "../train.ts";
import { aboutExperiment, isInstance, retold, sentence } from "../userCode.ts";
import { type BlockedCell, blockedCells } from "./blockedCells.ts";
import { readBoard } from "./board.ts";
import { type BrokenCell, CellError } from "./cellError.ts";
import { cellsOf, summaryOf } from "./checkedStudy.ts";
import type { CellEnd, CellHooks } from "./runCell.ts";
import type { Cell, CellResults, Study, StudySummary } from "./study.ts";
import type { StudyEvent } from "./studyEvents.ts";
import { type StudyManifest, type StudyStore, memoryStudyStore, studyResumeLine } from "./studyStore.ts";
import { type Grown, grownStudy, requireSameCells } from "./growth.ts";
import { workOff } from "./workOff.ts";

export interface StudyLoopOptions {
  /** The cells under way finish their outer step and write a checkpoint; no other begins. */
  signal?: AbortSignal | undefined;
  onEvent?: ((event: StudyEvent) => void) | undefined;
  /** Of every cell, as in `train`. */
  checkpointEvery?: CheckpointEvery | undefined;
  /** What the bits depend on besides engine and rounding; compared at resume, cell by cell. */
  origin?: LoopOptions["origin"];
  /** Of every cell that has begun and not ended, as in `resume`. Default false. */
  isForced?: boolean | undefined;
  /**
   * Ids of the cells to run, also of such that failed: they begin again from their last checkpoint. Default: all that have
   * not ended. The summary is of all that have.
   */
  only?: readonly string[] | undefined;
  /**
   * With `only`: whoever began this makes the summary. Nothing is read but these cells and those that they come after, and
   * nothing is summarised. Default false.
   */
  isPart?: boolean | undefined;
  /** Cells at once, where `runElsewhere` is given. Default 1. */
  jobs?: number | undefined;
  /** Runs a cell in a process of its own, into its place in the store. Default: cells run in this one. */
  runElsewhere?: ((id: string, hooks: CellHooks) => Promise<CellEnd>) | undefined;
}

export interface StudyOptions extends StudyLoopOptions {
  /** Not parsed yet: `study.config` does that. Default `{}`. */
  config?: unknown;
  /** An integer from 0 to 2^32 - 1. Default 0. */
  seed?: number | undefined;
  /** Where the study is kept. Default: in memory. */
  store?: StudyStore | undefined;
}

export interface StudyResult {
  study: string;
  /** Of the cells that have ended. */
  results: CellResults;
  /** Ids of all cells. */
  cells: readonly string[];
  /** Cells that can never run, because one that they come after failed. */
  blocked: readonly BlockedCell[];
  interrupted: boolean;
  summary: StudySummary;
  store: StudyStore;
}

const loopOptions = [
  "signal",
  "onEvent",
  "checkpointEvery",
  "origin",
  "isForced",
  "only",
  "isPart",
  "jobs",
  "runElsewhere",
] as const;

/**
 * Runs a study from its first cell. The same seed gives the same bits of every cell and of the summary, but for its
 * `times`, whatever the number of jobs.
 *
 * @example
 * const { summary } = await runStudy(study, { seed: 1 });
 * console.log(summary.metrics);
 */
export async function runStudy<Config>(
  study: Study<Config>,
  options: StudyOptions = {},
): Promise<StudyResult> {
  requireKnownOptions("runStudy", options, ["config", "seed", "store", ...loopOptions]);
  const { seed = 0, store = memoryStudyStore() } = options;
  // Throws unless it is a seed.
  random.key(seed);
  const config = study.config.parse(options.config ?? {});
  requireParsed(study.name, config);
  requireOwnConfig(study, config);
  const cells = cellsOf(study, config, seed);
  requireLoopOptions(study.name, cells, options);
  await store.create({
    format: "unspool-study-1",
    study: study.name,
    about: aboutExperiment(study),
    config,
    seed,
    cells: cells.map(({ id }) => id),
    startedAt: new Date().toISOString(),
  });
  return goOn({ study, config, seed, cells, store }, options);
}

/**
 * Goes on with the study in `store`: cells that have ended are not run again, one that was stopped goes on from its
 * last checkpoint. A study that has ended is summarised again.
 */
export async function resumeStudy<Config>(
  study: Study<Config>,
  store: StudyStore,
  options: StudyLoopOptions = {},
): Promise<StudyResult> {
  requireKnownOptions("resumeStudy", options, loopOptions);
  const found = await store.readManifest();
  if (found === undefined)
    throw new ResumeError(
      "resumeStudy",
      `there is no study in ${store.name}. Start one with runStudy (unspool run).`,
    );
  requireSameStudy(store.name, study.name, found);
  const config = study.config.parse(found.config);
  const cells = cellsOf(study, config, found.seed);
  const names = canonicalJson(cells.map(({ id }) => id));
  if (names !== canonicalJson(found.cells)) {
    throw new ResumeError(
      store.name,
      `its cells are ${canonicalJson(found.cells)}, and "${study.name}" has ${names} now. Start a new study.`,
    );
  }
  requireLoopOptions(study.name, cells, options);
  return goOn({ study, config, seed: found.seed, cells, store }, options);
}

export interface GrowOptions extends StudyLoopOptions {
  /** Not parsed yet: that of the study with further cells. */
  config: unknown;
}

/**
 * Goes on with the study in `store` by a config with further cells: those that it has stay as they are, and only what has
 * not ended is run. Throws `ResumeError` where one of its cells is not in the new config, or is another there.
 */
export async function growStudy<Config>(
  study: Study<Config>,
  store: StudyStore,
  options: GrowOptions,
): Promise<StudyResult> {
  requireKnownOptions("growStudy", options, ["config", ...loopOptions]);
  const found = await store.readManifest();
  if (found === undefined) throw new ResumeError("growStudy", `there is no study in ${store.name}.`);
  requireSameStudy(store.name, study.name, found);
  const { seed } = found;
  const config = study.config.parse(options.config);
  requireOwnConfig(study, config);
  const cells = cellsOf(study, config, seed);
  requireLoopOptions(study.name, cells, options);
  requireSameCells(store.name, cellsOf(study, study.config.parse(found.config), seed), cells);
  const ids = cells.map(({ id }) => id);
  // Also where no cell is new: the summary may depend on the rest of the config.
  if (canonicalJson([config, ids]) !== canonicalJson([found.config, found.cells]))
    await store.grow({ config, cells: ids });
  return goOn({ study, config, seed, cells, store }, options);
}

function requireSameStudy(where: string, name: string, found: StudyManifest): void {
  if (found.study === name) return;
  throw new ResumeError(where, `it belongs to study "${found.study}", and "${name}" was to be resumed.`, {
    found: found.study,
    wanted: name,
  });
}

/** Before anything is written. */
function requireLoopOptions(
  where: string,
  cells: readonly Cell[],
  { jobs, checkpointEvery, only = [] }: StudyLoopOptions,
): void {
  if (jobs !== undefined) requireInteger(where, "jobs", jobs, 1);
  requireCheckpointEvery(where, checkpointEvery);
  const ids = cells.map(({ id }) => id);
  for (const id of only) requireOneOf(where, "the id of a cell", id, ids);
}

interface Going<Config> extends Grown<Config> {
  study: Study<Config>;
  seed: number;
  store: StudyStore;
}

async function goOn<Config>(whole: Going<Config>, options: StudyLoopOptions): Promise<StudyResult> {
  const isPart = options.isPart === true && options.only !== undefined;
  const going = isPart ? { ...whole, cells: withBefore(whole.cells, options.only!) } : whole;
  const { study, seed, store } = going;
  const { jobs = 1, onEvent: emit = () => {}, signal } = options;
  const board = await readBoard(going.cells, store, options.origin);
  const listed = (of: readonly Cell[]) => of.map(({ id }) => ({ id, status: board.statusOf(id) }));
  emit({
    type: "study",
    ...{ study: study.name, config: going.config, seed, cells: listed(going.cells), store: store.name },
  });
  if (board.changed.length > 0) {
    const message = `${store.name}: the file has changed since ${board.changed.join(", ")} ended. They are kept, and summarised by the file as it is now.`;
    emit({ type: "warning", message });
  }

  const broken: BrokenCell[] = [];
  let { config, cells } = going;
  let refusal: { error: unknown } | undefined;
  for (;;) {
    broken.push(...(await workOff({ cells, store }, board, { ...options, jobs, emit, broken })));
    // Other processes may have ended cells meanwhile.
    for (const cell of cells) if (board.statusOf(cell.id) === "open") await board.look(cell);
    if (signal?.aborted === true || options.only !== undefined) break;
    // What was computed is summarised, whatever comes next.
    const grown = await grownStudy({ ...going, config, cells }, board, broken).catch((error: unknown) => {
      refusal = { error };
    });
    if (grown === undefined) break;
    ({ config, cells } = grown);
    await board.grow(cells);
    emit({ type: "study-grow", note: grown.note, cells: listed(cells) });
  }

  const results = board.results();
  const blocked = blockedCells(cells, board.statusOf);
  const summary = isPart
    ? {}
    : await summaryOf(study, results, config).catch((error: unknown) => {
        throw summaryError(refusal?.error ?? error, store, results.size, cells.length);
      });
  const { times, ...kept } = summary;
  const told = { cells: [...results.keys()], ...(blocked.length > 0 && { blocked }), summary: kept };
  if (!isPart) await store.writeSummary(told, times);
  if (refusal !== undefined) throw summaryError(refusal.error, store, results.size, cells.length);
  const interrupted = signal?.aborted === true;
  emit({ type: "study-end", ended: results.size, cells: cells.length, blocked, interrupted, summary });
  const ids = cells.map(({ id }) => id);
  const result = { study: study.name, results, cells: ids, blocked, interrupted, summary, store };
  if (broken.length > 0) throw options.only === undefined ? new CellError(result, broken) : broken[0]!.error;
  return result;
}

/** Cells by their ids, with those that they come after. */
function withBefore(cells: readonly Cell[], ids: readonly string[]): Cell[] {
  const wanted = new Set(ids);
  // A cell comes after earlier ones only.
  for (const { id, after = [] } of cells.toReversed())
    if (wanted.has(id)) for (const other of after) wanted.add(other);
  return cells.filter(({ id }) => wanted.has(id));
}

/** The cells are kept, whatever the study makes of them. */
function summaryError(error: unknown, store: StudyStore, ended: number, cells: number): unknown {
  if (!isInstance(error, UnspoolError)) return error;
  const kept = `The cells that have ended, ${ended} of ${cells}, are kept: once it is mended, ${studyResumeLine(store)} summarises them.`;
  return retold(error, `${sentence(error.message)} ${kept}`);
}
