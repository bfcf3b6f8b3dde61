/** `unspool run`: an experiment from its first outer step. */
import { train } from "unspool/train";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { UsageError } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";
import { defaultFolder, newRun } from "../runs/runFolder.ts";
import { engineSettings, useEngine } from "./engineOptions.ts";
import { execute } from "./execute.ts";
import { preparedRunnable } from "./prepare.ts";
import { stepperOf } from "./shards.ts";
import { requireNoStudy } from "./studyOptions.ts";
import { runStudyCommand } from "./study.ts";

export async function runCommand(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  const seed = integerOption(line, "seed", 0);
  const steps = integerOption(line, "steps", 1);
  const seconds = positiveOption(line, "checkpoint-every");
  const checkpointEvery = seconds === undefined ? undefined : { seconds };
  const settings = engineSettings(line);
  requireOneCount(line, steps);
  const prepared = await preparedRunnable(line);
  if ("study" in prepared) return runStudyCommand(line, prepared, reporter, signal);
  requireNoStudy(line, prepared.experiment.name);
  const { experiment, file, config } = prepared;
  const origin = await fileOrigin(file);
  const engine = useEngine(settings);
  const createStepper = await stepperOf(line, file, origin, engine);
  const command = { ...(file !== undefined && { file }), ...engine };
  const out = textOption(line, "out");
  const named = file === undefined ? undefined : line.positionals[0];
  const store = newRun(out ?? defaultFolder(experiment.name), out === undefined, command, named);

  return execute(
    reporter,
    store,
    signal,
    (hooks) =>
      train(experiment, { config, seed, steps, store, checkpointEvery, createStepper, origin, ...hooks }),
    named,
  );
}

/** `--steps` also sets the config's `steps`, of which schedules are made. */
function requireOneCount(line: CommandLine, steps: number | undefined): void {
  const setter = line.options.get("set")?.findLast((text) => /^steps\s*=/.test(text));
  if (steps === undefined || setter === undefined || Number(setter.split("=")[1]) === steps) return;
  throw new UsageError(
    "USAGE",
    `unspool run: --steps ${steps} and --set ${setter} are two counts of outer steps. Give one of them.`,
    { steps, setter },
  );
}
