/** `unspool run`: an experiment from its first outer step. */
import { train } from "unspool/train";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import type { Reporter } from "../output/reporter.ts";
import { defaultFolder, newRun } from "../runs/runFolder.ts";
import { engineSettings, useEngine } from "./engineOptions.ts";
import { execute } from "./execute.ts";
import { preparedExperiment } from "./prepare.ts";

export async function runCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const seed = integerOption(line, "seed", 0);
  const steps = integerOption(line, "steps", 0);
  const seconds = positiveOption(line, "checkpoint-every");
  const checkpointEvery = seconds === undefined ? undefined : { seconds };
  const settings = engineSettings(line);
  const { experiment, file, config } = await preparedExperiment(line);
  const dir = textOption(line, "out") ?? defaultFolder(experiment.name);
  const store = await newRun(dir, { ...(file !== undefined && { file }), ...useEngine(settings) });

  return execute(
    reporter,
    dir,
    (hooks) => train(experiment, { config, seed, steps, store, checkpointEvery, ...hooks }),
    async () => {
      const { writeReport } = await import("../report/writeReport.ts");
      return writeReport([dir], undefined);
    },
    file === undefined ? undefined : line.positionals[0],
  );
}
