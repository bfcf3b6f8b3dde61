/**
 * `npm run paper:records [-- sixo fab …] [--record] [--tolerance 0.02]`: runs the tests of the papers' claims file by file, and
 * tells which fail and where a figure that they print differs from `test/paper/recorded/`. Meant for a machine at night: a
 * file takes from one to twenty minutes. Exit code 1 for a failed claim, 3 for figures beyond the tolerance, else 0.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Difference, type Recorded, type TestSaid, differences } from "./figures.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "test/paper");
const records = join(folder, "recorded");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: "boolean", default: false },
    tolerance: { type: "string", default: "0.02" },
  },
});

const tolerance = Number(values.tolerance);
if (!(tolerance >= 0))
  throw new Error(`--tolerance must be a number of at least 0, got ${values.tolerance}.`);
const all = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => name.slice(0, -".test.ts".length));
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`no tests of ${unknown.join(", ")}. There are ${all.join(", ")}.`);

/** Runs one file in a process of its own; undefined where it did not come to its end. */
function run(name: string): readonly TestSaid[] | undefined {
  const scratch = mkdtempSync(join(tmpdir(), "unspool-paper-"));
  const path = join(scratch, "said.json");
  const reporter = join(root, "scripts/paperRecords/reporter.ts");
  const args = ["vitest", "run", "--project", "paper", `${folder}/${name}.test.ts`, `--reporter=${reporter}`];
  const env = { ...process.env, UNSPOOL_PAPER_SAID: path };
  try {
    spawnSync("npx", args, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TestSaid[]) : undefined;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function told({ kind, test, recorded, now, relative }: Difference): string {
  const size = relative === undefined ? "" : ` by ${(100 * relative).toPrecision(2)} %`;
  const lines = [
    recorded === undefined ? "" : `\n    - ${recorded}`,
    now === undefined ? "" : `\n    + ${now}`,
  ];
  return `  ${kind}${size}: ${test}${lines.join("")}`;
}

let [failed, moved] = [0, 0];
for (const name of positionals.length > 0 ? positionals : all) {
  const tests = run(name);
  if (tests === undefined || tests.length === 0) {
    failed++;
    console.log(`${name}: did not come to its end`);
    continue;
  }
  const wrong = tests.filter(({ state }) => state === "failed");
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  console.log(`${name}: ${tests.length} tests, ${wrong.length} failed, ${seconds} s`);
  for (const test of wrong) console.log(`  failed: ${test.name}\n    ${test.message ?? ""}`);
  failed += wrong.length;
  const path = join(records, `${name}.json`);
  if (tests.every(({ said }) => said.length === 0)) console.log("  it prints no figures: nothing to compare");
  else if (values.record) {
    if (wrong.length > 0) continue;
    mkdirSync(records, { recursive: true });
    const kept = Object.fromEntries(tests.map((test) => [test.name, test.said]));
    writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`);
  } else if (existsSync(path)) {
    const recorded = JSON.parse(readFileSync(path, "utf8")) as Recorded;
    const found = differences(recorded, tests, tolerance);
    moved += found.length;
    for (const difference of found) console.log(told(difference));
  } else console.log("  nothing is recorded of it: add --record");
}
process.exitCode = failed > 0 ? 1 : moved > 0 ? 3 : 0;
