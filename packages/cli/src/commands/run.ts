/** `unspool run`: an experiment from its first outer step. */
import { train } from "unspool/train";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { parseConfig } from "../config/parseConfig.ts";
import { schemaTree } from "../config/schemaTree.ts";
import { applySetters, parseSetter } from "../config/setters.ts";
import { findExperiment } from "../experiments/find.ts";
import type { Reporter } from "../output/reporter.ts";
import { defaultFolder, newRun } from "../runs/runFolder.ts";
import { execute } from "./execute.ts";

export async function runCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const nameOrFile = line.positionals[0]!;
  const seed = integerOption(line, "seed", 0);
  const steps = integerOption(line, "steps", 0);
  const seconds = positiveOption(line, "checkpoint-every");
  const checkpointEvery = seconds === undefined ? undefined : { seconds };
  const threads = integerOption(line, "threads", 1) ?? 1;
  const setters = (line.options.get("set") ?? []).map(parseSetter);
  if (threads > 1) {
    process.stderr.write(`--threads ${threads} is recorded, but today's executor computes on one thread.\n`);
  }

  const { experiment, file } = await findExperiment(nameOrFile);
  const config = await applySetters(schemaTree(experiment.config), setters);
  // Checked here for its messages; `train` parses it again and hands on the result.
  await parseConfig(experiment.config, config);
  const dir = textOption(line, "out") ?? defaultFolder(experiment.name);
  const store = await newRun(dir, { ...(file !== undefined && { file }), threads });

  return execute(
    reporter,
    dir,
    (hooks) => train(experiment, { config, seed, steps, store, checkpointEvery, ...hooks }),
    async () => {
      const { writeReport } = await import("../report/writeReport.ts");
      return writeReport([dir], undefined, async () => experiment);
    },
  );
}
