/** The pages that are made from the sources: writes them, or says what those lack. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { arrayPage } from "./arrayPage/page.ts";
import { optimizersPage } from "./optimizersPage/page.ts";
import { type Page, root } from "./page.ts";
import { readmePage } from "./readme/page.ts";
import { roomPage, roomPageNames } from "./roomPages/page.ts";
import { roomsPicture } from "./roomsPicture/page.ts";
import { searchPage } from "./searchPage/page.ts";
import { subspacesPage } from "./subspacesPage/page.ts";

const pages: Readonly<Record<string, () => Page | Promise<Page>>> = {
  optimizers: optimizersPage,
  array: arrayPage,
  readme: readmePage,
  rooms: roomsPicture,
  ...Object.fromEntries(roomPageNames.map((name) => [name, () => roomPage(name)])),
  subspaces: subspacesPage,
  searches: searchPage,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in pages));
if (unknown.length > 0) {
  console.error(
    `docs: no page of this name, got ${unknown.join(", ")}. Known: ${Object.keys(pages).join(", ")}.`,
  );
  process.exit(2);
}
for (const name of asked.length === 0 ? Object.keys(pages) : asked) {
  const { path, text, lacks } = await pages[name]!();
  writeFileSync(join(root, path), text);
  for (const lack of lacks) console.error(lack);
  if (lacks.length > 0) process.exitCode = 1;
}
