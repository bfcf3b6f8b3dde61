/** `unspool report`: one run's report, or several runs side by side, from what stands in their folders alone. */
import { type CommandLine, textOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";
import { writeReport } from "../report/writeReport.ts";

export async function reportCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const path = await writeReport(line.positionals, textOption(line, "out"));
  reporter.answer([`report  ${path}`], { event: "report", report: path, runs: line.positionals });
  return exitCodes.done;
}
