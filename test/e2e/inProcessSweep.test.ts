/** Sweeps as a person types them: ranked, grown, refused before anything runs. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type JsonEvent, eventsOf, workFolder } from "./command.ts";
import { unspoolHere } from "./inProcess.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const sweep = (...args: string[]) => unspoolHere(dir, "sweep", "noisyQuadratic.ts", ...args);
const noise = (...values: number[]) => [
  "--set",
  `task.noise=${values.join(",")}`,
  "--set",
  "task.size=2",
  "--steps",
  "6",
];
const startsIn = (events: readonly JsonEvent[]): unknown[] =>
  events.filter(({ event }) => event === "start").map(({ cell }) => cell);
/** Of the last outer step: of six, the last tenth. */
const lossOf = (out: string, value: number, seed: number): number => {
  const lines = readFileSync(join(dir, out, `cells/task.noise-${value}_seed-${seed}/metrics.jsonl`), "utf8");
  return (JSON.parse(lines.trimEnd().split("\n").at(-1)!) as { loss: number }).loss;
};
const summaryOf = (out: string): string => readFileSync(join(dir, out, "summary.json"), "utf8");

test("a sweep grows by what is new to the summary of the whole, and prints the command of the best setting", async () => {
  const first = await sweep(...noise(0, 1), "--seeds", "0", "--out", "grown", "--json");
  expect([first.stderr, first.code]).toEqual(["", 0]);
  expect(startsIn(eventsOf(first))).toEqual(["task.noise-0_seed-0", "task.noise-1_seed-0"]);
  const [quiet, noisy] = [lossOf("grown", 0, 0), lossOf("grown", 1, 0)];
  const best = { setting: `task.noise=${quiet < noisy ? 0 : 1}`, by: "loss", value: Math.min(quiet, noisy) };
  expect(eventsOf(first).at(-1)).toMatchObject({ event: "study-done", ended: 2, failed: [], best });

  const more = await sweep(...noise(0, 1, 3), "--seeds", "0..1", "--out", "grown", "--json");
  expect(startsIn(eventsOf(more))).toEqual([
    ...["task.noise-3_seed-0", "task.noise-0_seed-1", "task.noise-1_seed-1", "task.noise-3_seed-1"],
  ]);
  const whole = await sweep(...noise(0, 1, 3), "--seeds", "0..1", "--out", "whole");
  expect([whole.stderr, whole.code]).toEqual(["", 0]);
  expect(whole.stdout).toMatch(
    /unspool run noisyQuadratic.ts --set task.size=2 --set task.noise=[013] --steps 6 --seed 0/,
  );
  expect(summaryOf("grown")).toBe(summaryOf("whole"));
  expect(readFileSync(join(dir, "whole/report.html"), "utf8")).toContain("Settings by loss");

  const again = eventsOf(await sweep(...noise(0, 1, 3), "--seeds", "0..1", "--out", "grown", "--json"));
  expect(startsIn(again)).toEqual([]);
});

test("another sweep in its folder is refused, with what differs, and so is a folder of something else", async () => {
  const other = await sweep(...noise(0, 1, 3), "--set", "stepMs=1", "--seeds", "0..1", "--out", "whole");
  expect(other.code).toBe(1);
  expect(other.stderr).toContain(
    "what is set in all runs: task.size=2; in this command: task.size=2, stepMs=1.",
  );
  expect(existsSync(join(dir, "whole/cells/task.noise-0_seed-3"))).toBe(false);
  const fewer = await sweep(...noise(0, 1), "--seeds", "0", "--out", "whole");
  expect(fewer.stderr).toContain("Its seeds 1 are not among those of this command.");
});

test.each([
  [["--set", "task.noise=0,much", "--out", "none"], "task.noise: must be"],
  [["--set", "nois=0,1", "--out", "none"], "Did you mean task.noise?"],
  [["--seeds", "3..0", "--out", "none"], "which runs backwards"],
  [["--set", "stepMs=", "--out", "none"], "has no value"],
])("%j is told before any cell runs", async (args, words) => {
  const { code, stderr } = await sweep(...args);
  expect([code, existsSync(join(dir, "none"))]).toEqual([2, false]);
  expect(stderr).toContain(words);
});

test("a study is told to be one, with the experiments that it is made of", async () => {
  const { code, stderr } = await unspoolHere(dir, "sweep", "noisyStudy.ts");
  expect(code).toBe(2);
  expect(stderr).toContain("noise-levels is a study, which is made of runs");
});

test("a setting whose runs throw is told and ranked last, and the others have their best", async () => {
  const broken = await sweep("--set", "failAt=0,2", "--steps", "3", "--seeds", "0", "--out", "broken");
  expect(broken.code).toBe(1);
  expect(broken.stdout).toContain("done 1 of 2 cells, 1 failed");
  expect(broken.stdout).toContain("failAt-2_seed-0 failed: ");
  expect(broken.stdout).toMatch(/^ +2 +2 +none +0 of 1/m);
  expect(broken.stdout).toContain("best    failAt=0");
  expect(broken.stdout).toContain("Continue with: unspool resume broken --experiment noisyQuadratic.ts");
});
