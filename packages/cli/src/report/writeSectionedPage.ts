/** Writes a page of sections to its file. */
import { type SectionedPage, sectionedPage } from "@unspool/report";
import { writePage } from "./writePage.ts";

/** Writes the page and returns its path. */
export async function writeSectionedPage(path: string, page: SectionedPage): Promise<string> {
  return writePage(path, sectionedPage(page));
}
