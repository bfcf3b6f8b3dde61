/** From words to an exit code. Commands are loaded when they are wanted, so that help comes at once. */
import packageJson from "../package.json" with { type: "json" };
import { helpText } from "./commandLine/help.ts";
import { type CommandLine, parseCommandLine } from "./commandLine/parse.ts";
import { exitCodes } from "./failure.ts";
import { describeFailure } from "./failureReport.ts";
import { type Reporter, createReporter } from "./output/reporter.ts";
import { stdout } from "./output/safeOutput.ts";

/** Carries out `run` or `resume` and returns the exit code. */
export type Runner = (line: CommandLine, reporter: Reporter, isJson: boolean) => Promise<number>;

const inThread: Runner = async (...given) => {
  const { superviseRun } = await import("./thread/superviseRun.ts");
  return superviseRun(...given);
};

/**
 * Runs the command line `argv` (what follows `unspool`) and returns the exit code. Runs are computed by `runner`: in a
 * thread of their own, unless another is given.
 */
export async function main(argv: readonly string[], runner: Runner = inThread): Promise<number> {
  const isJson = argv.includes("--json");
  const reporter = createReporter(isJson);
  try {
    const line = await parseCommandLine(argv);
    if (line.options.has("version")) {
      stdout.write(`${packageJson.version}\n`);
      return exitCodes.done;
    }
    if (line.options.has("help") || line.command === undefined) {
      stdout.write(`${helpText(line.command)}\n`);
      const [experiment] = line.positionals;
      if (
        ["run", "compare", "diagnose", "explain"].includes(line.command?.name ?? "") &&
        experiment !== undefined
      ) {
        const { describeConfig } = await import("./commands/describeConfig.ts");
        stdout.write(`\n${await describeConfig(experiment)}\n`);
      }
      return argv.length === 0 ? exitCodes.usage : exitCodes.done;
    }
    return await dispatch(line, reporter, isJson, runner);
  } catch (error) {
    const { report, exitCode } = describeFailure(error);
    reporter.failed(report);
    return exitCode;
  }
}

async function dispatch(
  line: CommandLine,
  reporter: Reporter,
  isJson: boolean,
  runner: Runner,
): Promise<number> {
  switch (line.command!.name) {
    case "list": {
      const { listCommand } = await import("./commands/list.ts");
      return listCommand(reporter);
    }
    case "run":
    case "resume": {
      reporter.preparing(line.positionals[0]!);
      return runner(line, reporter, isJson);
    }
    case "compare": {
      const { compareCommand } = await import("./commands/compare.ts");
      return compareCommand(line, reporter);
    }
    case "diagnose": {
      const { diagnoseCommand } = await import("./commands/diagnose.ts");
      return diagnoseCommand(line, reporter);
    }
    case "analyse": {
      reporter.preparing(line.positionals[0]!);
      const { analyseCommand } = await import("./commands/analyse.ts");
      return analyseCommand(line, reporter);
    }
    case "explain": {
      reporter.preparing(line.positionals[0]!);
      const { explainCommand } = await import("./commands/explain.ts");
      return explainCommand(line, reporter);
    }
    case "report": {
      const { reportCommand } = await import("./commands/report.ts");
      return reportCommand(line, reporter);
    }
  }
}
