/** `unspool resume`: a run from its last good checkpoint. */
import { resume } from "unspool/train";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { experimentOfRun } from "../experiments/ofRun.ts";
import type { Reporter } from "../output/reporter.ts";
import { existingRun } from "../runs/runFolder.ts";
import { recordedSettings, useEngine } from "./engineOptions.ts";
import { execute } from "./execute.ts";

export async function resumeCommand(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  const dir = line.positionals[0]!;
  const steps = integerOption(line, "steps", 0);
  const seconds = positiveOption(line, "checkpoint-every");
  const checkpointEvery = seconds === undefined ? undefined : { seconds };
  const { store, manifest } = await existingRun(dir);
  const given = textOption(line, "experiment");
  const { experiment, file } = await experimentOfRun("resume", dir, manifest, given);
  if (manifest.command !== undefined) useEngine(recordedSettings(dir, manifest.command, line));
  const origin = await fileOrigin(file);
  const isForced = line.options.has("force");
  return execute(
    reporter,
    store,
    signal,
    (hooks) => resume(experiment, store, { steps, checkpointEvery, origin, isForced, ...hooks }),
    given,
  );
}
