/** Writes the page of a study to its file. */
import { type Study, studyPage } from "@unspool/report";
import { writePage } from "./writePage.ts";

/** Writes the page and returns its path. */
export async function writeStudy(path: string, study: Study): Promise<string> {
  return writePage(path, studyPage(study));
}
