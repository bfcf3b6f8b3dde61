/** docs/search.md with its table as it should be now: searches from their registry, costs from the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Page, root, table } from "../page.ts";
import { fillParts } from "../readme/page.ts";
import { searchRows } from "../readme/parts.ts";

const path = "docs/search.md";

export function searchPage(): Page {
  const { rows, lacks } = searchRows();
  const parts = { searches: table(["name", "what it is", "keeps", "recommends", "cost"], rows) };
  const filled = fillParts(readFileSync(join(root, path), "utf8"), parts);
  return { path, text: filled.text, lacks: [...lacks, ...filled.lacks.map((lack) => `${path}: ${lack}`)] };
}
