/** Writes the report of one or several runs to its file. */
import { join } from "node:path";
import type { CommandManifest } from "../runs/runFolder.ts";
import { reportPage } from "./page.ts";
import { type ExperimentInfo, readRuns } from "./runView.ts";
import { writePage } from "./writePage.ts";

/** Returns the path. `describe` finds a run's experiment, for its summary and paper. */
export async function writeReport(
  dirs: readonly string[],
  out: string | undefined,
  describe: (manifest: CommandManifest) => Promise<ExperimentInfo>,
): Promise<string> {
  const path = out ?? (dirs.length === 1 ? join(dirs[0]!, "report.html") : "report.html");
  const runs = await readRuns(dirs, describe);
  return writePage(path, reportPage(runs));
}
