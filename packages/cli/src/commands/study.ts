/** `unspool run STUDY`, and what `unspool sweep` shares with it; and `unspool resume` of a study's folder. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ResumeError } from "unspool";
import {
  CellError,
  type CellResults,
  type Origin,
  type Study,
  type StudyLoopOptions,
  type StudyManifest,
  type StudyResult,
  type StudyStore,
  resumeStudy,
  runStudy,
} from "unspool/train";
import { studyFolder } from "unspool/train/node";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { type FoundStudy, findRunnable, namedStudies } from "../experiments/find.ts";
import { UsageError, exitCodes } from "../failure.ts";
import type { BestSetting, QueueLeft, Reporter } from "../output/reporter.ts";
import { type CommandRecord, defaultFolder, recordedFile, requireCommandRecord } from "../runs/runFolder.ts";
import { resumeCommand, startCommand } from "../runs/shellWord.ts";
import { cellProcess, partVariable } from "../thread/cellProcess.ts";
import { type EngineRecord, engineSettings, recordedSettings, useEngine } from "./engineOptions.ts";
import { queueWords } from "./queueOption.ts";
import { mostQueued, queuedCells } from "./queuedCells.ts";
import { requireNoShards } from "./studyOptions.ts";

/** `unspool run STUDY`: a study from its first cell. `config` is not parsed yet. */
export async function runStudyCommand(
  line: CommandLine,
  { study, file, config }: FoundStudy & { config: unknown },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  requireNoShards(line, study.name);
  if (line.options.has("steps")) {
    throw new UsageError(
      "USAGE",
      `unspool run: ${study.name} is a study, and --steps is of a run. Set the steps of its runs in its config: unspool run ${study.name} --help.`,
    );
  }
  const seed = integerOption(line, "seed", 0);
  const command: CommandRecord = { ...(file !== undefined && { file }), ...useEngine(engineSettings(line)) };
  const out = textOption(line, "out");
  const named = file === undefined ? undefined : line.positionals[0];
  const store = newStudy(out ?? defaultFolder(study.name), out === undefined, command, named);
  return executeStudy(
    line,
    reporter,
    signal,
    { study, store, file: named, origin: await fileOrigin(file), engine: command },
    (options) => runStudy(study, { config, seed, store, ...options }),
  );
}

/** `unspool resume DIR` of a study. */
export async function resumeStudyCommand(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  const dir = line.positionals[0]!;
  if (line.options.has("steps"))
    throw new UsageError("USAGE", `unspool resume: ${dir} holds a study, and --steps is of a run.`);
  requireNoShards(line, dir);
  const given = textOption(line, "experiment");
  const store = studyFolder(dir, { resumeLine: (made) => resumeCommand(made, given) });
  const manifest = (await store.readManifest()) as
    (StudyManifest & { command?: Partial<CommandRecord> }) | undefined;
  if (manifest === undefined) throw new ResumeError(dir, "there is no study in it.");
  requireCommandRecord(join(dir, "study.json"), manifest.command);
  const { study, file, best } = await studyOf(dir, manifest, given);
  const engine = useEngine(
    manifest.command === undefined ? engineSettings(line) : recordedSettings(dir, manifest.command, line),
  );
  return executeStudy(
    line,
    reporter,
    signal,
    { study, store, file: given, origin: await fileOrigin(file), engine, best },
    (options) => resumeStudy(study, store, options),
  );
}

/** A study that is kept in a folder. */
export interface StudyOfFolder {
  study: Study;
  /** Absolute path, where its code is a file's. */
  file?: string;
  /** Of a sweep: its best setting so far. */
  best?: Executed["best"];
}

interface Executed {
  study: Study;
  store: StudyStore;
  /** The study's file as the person named it. */
  file: string | undefined;
  origin: Origin | undefined;
  /** What computes its cells. */
  engine: EngineRecord;
  /** Of a sweep: the best setting of those that have ended. `config` is the study's, as far as it has grown. */
  best?: ((results: CellResults, config: unknown) => BestSetting | undefined) | undefined;
}

export async function executeStudy(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
  executed: Executed,
  start: (options: StudyLoopOptions) => Promise<StudyResult>,
): Promise<number> {
  const { study, store, file, origin, best } = executed;
  const startedAt = performance.now();
  const queue = queuedCells(line, executed, reporter);
  const seconds = positiveOption(line, "checkpoint-every");
  const jobs = integerOption(line, "jobs", 1) ?? 1;
  const only = line.options.get("cell");
  let broken: CellError["broken"] = [];
  let queued: QueueLeft | undefined;
  const result = await start({
    signal,
    jobs: queue === undefined ? jobs : mostQueued,
    origin,
    isForced: line.options.has("force"),
    only,
    isPart: process.env[partVariable] !== undefined,
    checkpointEvery: seconds === undefined ? undefined : { seconds },
    onEvent(event) {
      if (event.type === "study-grow") queue?.renew();
      reporter.studyEvent(event);
    },
    ...(jobs > 1 && { runElsewhere: (id, hooks) => cellProcess({ dir: store.name, id, file, line }, hooks) }),
    ...(queue && { runElsewhere: queue.run }),
  })
    .catch(async (error: unknown) => {
      if (!(error instanceof CellError)) throw error;
      // Of a sweep, it is a setting that cannot be run: the others are ranked.
      if (best !== undefined && only === undefined) {
        broken = error.broken;
        return error.result;
      }
      await writeReport(store.name, reporter);
      throw error;
    })
    .then(
      async (done) => {
        queued = await queue?.close(!done.interrupted && only === undefined);
        return done;
      },
      async (error: unknown) => {
        await queue?.close(false);
        throw error;
      },
    );
  const { results, blocked, cells } = result;
  const grown = await store.readManifest();
  const isEnded = results.size + blocked.length === cells.length;
  const report =
    result.interrupted || only !== undefined ? undefined : await writeReport(store.name, reporter);
  reporter.studyFinished({
    study: store.name,
    isInterrupted: result.interrupted,
    ended: results.size,
    cells: cells.length,
    failed: [
      ...[...results.values()].flatMap(({ id, failure }) =>
        failure === undefined ? [] : [{ id, message: failure.message }],
      ),
      ...broken.map(({ id, error: { message } }) => ({ id, message, isOpen: true as const })),
    ],
    blocked,
    resume: isEnded ? undefined : resumeCommand(store.name, file) + queueWords(line),
    ...(result.interrupted && { queued }),
    ...(blocked.length > 0 && { again: startCommand(file ?? study.name) }),
    best: result.interrupted || only !== undefined ? undefined : best?.(results, grown?.config),
    summary: result.summary,
    durationMs: performance.now() - startedAt,
    report,
  });
  if (result.interrupted) return exitCodes.interrupted;
  if (broken.length > 0) return exitCodes.failed;
  const isLacking = blocked.some(({ id }) => only === undefined || only.includes(id));
  return isLacking ? exitCodes.failed : exitCodes.done;
}

/** A report that cannot be drawn does not make a finished study a failed one. */
async function writeReport(dir: string, reporter: Reporter): Promise<string | undefined> {
  try {
    const { writeReport: write } = await import("../report/writeReport.ts");
    return await write([dir], undefined);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    reporter.warning(`The report could not be written: ${reason}`);
    return undefined;
  }
}

/** Throws `UsageError` at once if the folder holds a study, a run, or a file that the study would write. */
export function newStudy(
  dir: string,
  isNumbered: boolean,
  command: CommandRecord,
  file: string | undefined,
): StudyStore {
  const names = ["study.json", "config.json", "cells", "summary.json", "times.json", "report.html"];
  const taken = isNumbered ? undefined : names.find((name) => existsSync(join(dir, name)));
  if (taken !== undefined) {
    const next =
      taken === "study.json"
        ? `It already holds a study: continue it with \`${resumeCommand(dir, recordedFile(dir, file))}\`, or give`
        : `It holds ${taken}: give`;
    throw new UsageError("FOLDER", `${dir}: ${next} another folder with --out.`, { dir, taken });
  }
  return studyFolder(dir, {
    isNumbered,
    extra: { command },
    resumeLine: (made) => resumeCommand(made, file),
  });
}

/** The study of a folder: by name, or by the file that the person at the keyboard names. */
async function studyOf(
  dir: string,
  manifest: StudyManifest & { command?: Partial<CommandRecord> },
  given: string | undefined,
): Promise<StudyOfFolder> {
  if (manifest.command?.sweep === true) {
    const { sweepOfFolder } = await import("./sweep.ts");
    return sweepOfFolder(dir, manifest, given);
  }
  const typed = (path: string): string => resumeCommand(dir, path);
  if (given !== undefined) {
    const found = await findRunnable(given);
    if ("study" in found) return found;
    throw new UsageError("EXPERIMENT", `${given}: it is an experiment, and ${dir} holds a study.`, { given });
  }
  const { file } = manifest.command ?? {};
  if (file !== undefined) {
    throw new UsageError(
      "EXPERIMENT",
      `${dir}: its study is a file, ${JSON.stringify(file)}. A folder can come from anyone, so a file is run ` +
        `only if you name it: ${typed(typeof file === "string" ? file : "FILE")}`,
      { file },
    );
  }
  const study = (await namedStudies()).find(({ name }) => name === manifest.study);
  if (study !== undefined) return { study };
  throw new UsageError(
    "EXPERIMENT",
    `${dir}: its study ${JSON.stringify(manifest.study)} does not come with Unspool. If you have its file: ${typed("FILE")}`,
    { study: manifest.study },
  );
}
