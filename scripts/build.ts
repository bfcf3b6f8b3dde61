/**
 * `npm run build [-- PACKAGE …]`: builds the packages one after the other, the command last, so that it is there only
 * after what it imports. A warning of the bundler is an error.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packages = ["unspool", "experiments", "report", "workers", "cli"];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !packages.includes(name));
if (unknown.length > 0) {
  console.error(`build: no package of this name, got ${unknown.join(", ")}. Known: ${packages.join(", ")}.`);
  process.exit(2);
}
for (const name of packages.filter((each) => asked.length === 0 || asked.includes(each))) {
  await build({
    cwd: join(root, "packages", name),
    logLevel: "warn",
    failOnWarn: true,
    // Says, on a busy machine, that declarations take most of the time, as they must: they are most of the work.
    checks: { pluginTimings: false },
  });
}
