/**
 * `npm run docs [-- NAME …]`, all pages or those of these names (README, say: `readme`), runs `docsPages.ts` on the sources
 * of the packages. Builds would be older than these: nothing has to be built before.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createJiti } from "jiti";
import { root } from "./page.ts";

const condition = "unspool-source";

/** File by import specifier, of what the packages export. */
function sources(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const folder of ["unspool", "experiments", "report", "cli"]) {
    const at = join(root, "packages", folder);
    const { name, exports = {} } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
      name: string;
      exports?: Record<string, Record<string, string> | string>;
    };
    for (const [path, entry] of Object.entries(exports)) {
      const file = typeof entry === "string" ? undefined : entry[condition];
      if (file !== undefined) found[join(name, path)] = join(at, file);
    }
  }
  return found;
}

await createJiti(import.meta.url, { alias: sources() }).import("./docsPages.ts");
