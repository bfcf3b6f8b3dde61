/** Writes the report of one or several runs to its file. */
import { join } from "node:path";
import { reportPage } from "@unspool/report";
import { readRuns } from "./readRuns.ts";
import { writePage } from "./writePage.ts";

/** Returns the path. */
export async function writeReport(dirs: readonly string[], out: string | undefined): Promise<string> {
  const path = out ?? (dirs.length === 1 ? join(dirs[0]!, "report.html") : "report.html");
  const runs = await readRuns(dirs);
  return writePage(path, reportPage(runs));
}
