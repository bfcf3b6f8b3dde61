/** `unspool resume`: a run from its last good checkpoint. */
import { existsSync } from "node:fs";
import { resume } from "unspool/train";
import { type CommandLine, integerOption, positiveOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { findExperiment } from "../experiments/find.ts";
import { UsageError } from "../failure.ts";
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
  const file = manifest.command?.file;
  if (file !== undefined && !existsSync(file)) {
    throw new UsageError(
      "EXPERIMENT",
      `${dir}: its experiment came from ${file}, which is not there. Put the file back, or write its new path into ${dir}/config.json (command.file).`,
      { file },
    );
  }
  const { experiment } = await findExperiment(file ?? manifest.experiment);
  if (manifest.command !== undefined) useEngine(recordedSettings(dir, manifest.command, line));
  const origin = await fileOrigin(file);
  const isForced = line.options.has("force");
  return execute(
    reporter,
    store,
    signal,
    (hooks) => resume(experiment, store, { steps, checkpointEvery, origin, isForced, ...hooks }),
    async () => experiment,
  );
}
