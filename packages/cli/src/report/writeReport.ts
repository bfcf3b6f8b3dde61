/** Writes the report of one or several runs, or of a study, to its file. */
import { join } from "node:path";
import { reportPage, studyReport } from "@unspool/report";
import { isStudyFolder } from "unspool/train/node";
import { UsageError } from "../failure.ts";
import { readRuns } from "./readRuns.ts";
import { readStudy } from "./readStudy.ts";
import { writePage } from "./writePage.ts";

/** Returns the path. */
export async function writeReport(dirs: readonly string[], out: string | undefined): Promise<string> {
  const path = out ?? (dirs.length === 1 ? join(dirs[0]!, "report.html") : "report.html");
  const areStudies = await Promise.all(dirs.map(isStudyFolder));
  const at = areStudies.indexOf(true);
  if (at < 0) return writePage(path, reportPage(await readRuns(dirs)));
  if (dirs.length === 1) return writePage(path, studyReport(await readStudy(dirs[0]!)));
  throw new UsageError(
    "FOLDER",
    `${dirs[at]}: it holds a study, whose report stands alone. Its runs are in ${join(dirs[at]!, "cells")}.`,
    { dir: dirs[at] },
  );
}
