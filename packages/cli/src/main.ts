/** From words to an exit code. Commands are loaded when they are wanted, so that help comes at once. */
import packageJson from "../package.json" with { type: "json" };
import { helpText } from "./commandLine/help.ts";
import { type CommandLine, parseCommandLine } from "./commandLine/parse.ts";
import { exitCodes } from "./failure.ts";
import { describeFailure } from "./failureReport.ts";
import { type Reporter, createReporter } from "./output/reporter.ts";
import { stdout } from "./output/safeOutput.ts";

/** Carries out a command that computes and returns the exit code. */
export type Runner = (line: CommandLine, reporter: Reporter, isJson: boolean) => Promise<number>;

const inThread: Runner = async (...given) => {
  const [{ command }] = given;
  if (["run", "sweep", "resume"].includes(command!.name)) {
    const { superviseRun } = await import("./thread/superviseRun.ts");
    return superviseRun(...given);
  }
  const { superviseAnswer } = await import("./thread/superviseAnswer.ts");
  return superviseAnswer(...given);
};

/**
 * Runs the command line `argv` (what follows `unspool`) and returns the exit code. What computes is carried out by `runner`: in
 * a thread of its own, unless another is given.
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
        ["run", "sweep", "compare", "diagnose", "explain"].includes(line.command?.name ?? "") &&
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
    case "report": {
      const { reportCommand } = await import("./commands/report.ts");
      return reportCommand(line, reporter);
    }
    case "worker": {
      const { workerCommand } = await import("./commands/worker.ts");
      return workerCommand(line, reporter);
    }
    case "workers": {
      const { workersCommand } = await import("./commands/workers.ts");
      return workersCommand(line, reporter);
    }
    case "doctor": {
      const { doctorCommand } = await import("./commands/doctor.ts");
      return doctorCommand(line, reporter);
    }
    default: {
      if (!["compare", "diagnose"].includes(line.command!.name)) reporter.preparing(line.positionals[0]!);
      return runner(line, reporter, isJson);
    }
  }
}
