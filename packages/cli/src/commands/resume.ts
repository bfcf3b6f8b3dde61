/** `unspool resume`: a run from its last good checkpoint. */
import { basename, join, resolve } from "node:path";
import { ResumeError } from "unspool";
import { resume } from "unspool/train";
import { isStudyFolder } from "unspool/train/node";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { experimentOfRun } from "../experiments/ofRun.ts";
import { UsageError } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";
import { existingRun, recordedFile } from "../runs/runFolder.ts";
import { resumeCommand as resumeCommandOf } from "../runs/shellWord.ts";
import { recordedSettings, useEngine } from "./engineOptions.ts";
import { execute } from "./execute.ts";
import { told } from "./prepare.ts";
import { stepperOf } from "./shards.ts";
import { requireNoStudy } from "./studyOptions.ts";
import { resumeStudyCommand } from "./study.ts";

export async function resumeCommand(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  const dir = line.positionals[0]!;
  if (await isStudyFolder(dir)) return resumeStudyCommand(line, reporter, signal);
  requireNoStudy(line, dir);
  await requireNoCell(dir, textOption(line, "experiment"));
  const steps = integerOption(line, "steps", 0);
  const seconds = positiveOption(line, "checkpoint-every");
  const checkpointEvery = seconds === undefined ? undefined : { seconds };
  const given = textOption(line, "experiment");
  const { store, manifest } = await existingRun(dir, given);
  const { experiment, file } = await experimentOfRun("resume", dir, manifest, given);
  const settings = manifest.command === undefined ? {} : recordedSettings(dir, manifest.command, line);
  const engine = useEngine(settings);
  const origin = await fileOrigin(file);
  const createStepper = await stepperOf(line, file, origin, engine);
  const isForced = line.options.has("force");
  return execute(
    reporter,
    store,
    signal,
    (hooks) =>
      resume(told(experiment), store, {
        steps,
        checkpointEvery,
        createStepper,
        origin,
        isForced,
        ...hooks,
      }).catch((error: unknown) => {
        throw ofConfigFile(dir, error);
      }),
    given,
  );
}

/** A cell may begin with the results of others: its study goes on with it. */
async function requireNoCell(dir: string, given: string | undefined): Promise<void> {
  const study = join(dir, "..", "..");
  if (basename(resolve(dir, "..")) !== "cells" || !(await isStudyFolder(study))) return;
  const id = basename(resolve(dir));
  throw new UsageError(
    "FOLDER",
    `${dir}: it is a cell of a study. Go on with it by: ${resumeCommandOf(study, recordedFile(study, given))} --cell ${id}`,
    { study, cell: id },
  );
}

/** A config that was edited is told as one of the command line is: a line for each wrong path. */
function ofConfigFile(dir: string, error: unknown): unknown {
  if (!(error instanceof ResumeError && error.cause instanceof UsageError)) return error;
  const { code, message, details } = error.cause;
  const where = join(dir, "config.json");
  return new UsageError(code, `${where}: ${message}`, details, { cause: error.cause });
}
