/** The commands that compute, as their thread and the tests call them: to an exit code, whatever is thrown. */
import type { CommandLine } from "../commandLine/parse.ts";
import { describeFailure } from "../failureReport.ts";
import type { Reporter } from "../output/reporter.ts";

/** Computes, here, until the end; runs and studies also until `signal`. */
export async function performCommand(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  try {
    return await chosen(line, reporter, signal);
  } catch (error) {
    const { report, exitCode } = describeFailure(error);
    reporter.failed(report);
    return exitCode;
  }
}

async function chosen(line: CommandLine, reporter: Reporter, signal: AbortSignal): Promise<number> {
  switch (line.command?.name) {
    case "sweep": {
      const { sweepCommand } = await import("./sweep.ts");
      return sweepCommand(line, reporter, signal);
    }
    case "resume": {
      const { resumeCommand } = await import("./resume.ts");
      return resumeCommand(line, reporter, signal);
    }
    case "compare": {
      const { compareCommand } = await import("./compare.ts");
      return compareCommand(line, reporter);
    }
    case "diagnose": {
      const { diagnoseCommand } = await import("./diagnose.ts");
      return diagnoseCommand(line, reporter);
    }
    case "analyse": {
      const { analyseCommand } = await import("./analyse.ts");
      return analyseCommand(line, reporter);
    }
    case "explain": {
      const { explainCommand } = await import("./explain.ts");
      return explainCommand(line, reporter);
    }
    default: {
      const { runCommand } = await import("./run.ts");
      return runCommand(line, reporter, signal);
    }
  }
}
