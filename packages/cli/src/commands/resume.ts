/** `unspool resume`: a run from its last good checkpoint. */
import { resume } from "unspool/train";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { experimentOfRun } from "../experiments/ofRun.ts";
import type { Reporter } from "../output/reporter.ts";
import { existingRun } from "../runs/runFolder.ts";
import { recordedSettings, useEngine } from "./engineOptions.ts";
import { execute } from "./execute.ts";

export async function resumeCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const dir = line.positionals[0]!;
  const steps = integerOption(line, "steps", 0);
  const seconds = positiveOption(line, "checkpoint-every");
  const checkpointEvery = seconds === undefined ? undefined : { seconds };
  const { store, manifest } = await existingRun(dir);
  const given = textOption(line, "experiment");
  const { experiment } = await experimentOfRun("resume", dir, manifest, given);
  if (manifest.command !== undefined) useEngine(recordedSettings(dir, manifest.command, line));
  return execute(
    reporter,
    dir,
    (hooks) => resume(experiment, store, { steps, checkpointEvery, ...hooks }),
    async () => {
      const { writeReport } = await import("../report/writeReport.ts");
      return writeReport([dir], undefined);
    },
    given,
  );
}
