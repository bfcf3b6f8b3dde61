/** The two commands that compute runs, as the thread of a run and the tests call them: to an exit code, whatever is thrown. */
import type { CommandLine } from "../commandLine/parse.ts";
import { describeFailure } from "../failureReport.ts";
import type { Reporter } from "../output/reporter.ts";

/** Runs or resumes, here, until the end or `signal`. */
export async function runOrResume(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  try {
    if (line.command?.name === "resume") {
      const { resumeCommand } = await import("./resume.ts");
      return await resumeCommand(line, reporter, signal);
    }
    const { runCommand } = await import("./run.ts");
    return await runCommand(line, reporter, signal);
  } catch (error) {
    const { report, exitCode } = describeFailure(error);
    reporter.failed(report);
    return exitCode;
  }
}
