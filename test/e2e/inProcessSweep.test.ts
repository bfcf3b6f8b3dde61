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

test("halving stops settings at rungs, says how far each came, and its best has the bits of a run by itself", async () => {
  const args = [...noise(0, 1, 3), "--halving", "--min-steps", "2", "--seeds", "0..1"];
  const told = await sweep(...args, "--out", "halved");
  expect([told.stderr, told.code]).toEqual(["", 0]);
  expect(told.stdout).toContain("1 of 3 settings go on from 2 to 6 outer steps.");
  // 2 settings of 2 runs and 2 steps, one of 2 runs and 6 steps; of 3 settings of 2 runs and 6 steps.
  expect(told.stdout).toContain("20 outer steps were run, 16 of 36 (44 %) were saved");
  const [, best = ""] = /best {4}task\.noise=(\d)/.exec(told.stdout) ?? [];
  const alone = await unspoolHere(
    ...([dir, "run", "noisyQuadratic.ts", "--set", "task.size=2", "--set", `task.noise=${best}`] as const),
    ...["--steps", "6", "--seed", "1", "--out", "alone"],
  );
  expect([alone.stderr, alone.code]).toEqual(["", 0]);
  const lines = (folder: string): unknown[] =>
    readFileSync(join(dir, folder, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => ({ ...(JSON.parse(line) as object), durationMs: 0, crc: "" }));
  expect(lines(`halved/cells/task.noise-${best}_seed-1`)).toEqual(lines("alone"));
  const page = readFileSync(join(dir, "halved/report.html"), "utf8");
  expect(page).toContain("2 of 6");
  expect(page).not.toContain("interrupted");
  const more = await sweep(...args.slice(0, -1), "0..2", "--out", "halved");
  expect([more.code, more.stderr.includes("There, the seeds: 0, 1; in this command: 0, 1, 2.")]).toEqual([
    1,
    true,
  ]);
});

test(
  "a search goes on with more trials where it was, and tries what it would have tried at once",
  { tags: ["long"] },
  async () => {
    const search = ["--set", "task.noise=uniform(0,3)", "--set", "task.size=1,2", "--steps", "3", "--search", "tpe", "--batch", "2"]; // prettier-ignore
    const fewer = await sweep(...search, "--seeds", "0", "--trials", "3", "--out", "few");
    expect([fewer.stderr, fewer.code]).toEqual(["", 0]);
    expect(fewer.stdout).toContain("2 of 3 trials done, the best with loss");
    const more = await sweep(...search, "--seeds", "0", "--trials", "5", "--out", "few", "--json");
    expect(startsIn(eventsOf(more))).toHaveLength(2);
    const whole = await sweep(...search, "--seeds", "0", "--trials", "5", "--out", "many");
    expect([whole.stderr, whole.code]).toEqual(["", 0]);
    expect(summaryOf("few")).toBe(summaryOf("many"));
    expect(whole.stdout).toMatch(
      /unspool run noisyQuadratic.ts --set task.noise=[\d.]+ --set task.size=[12] --steps 3/,
    );
  },
);

test.each([
  [["--search", "tpee", "--trials", "5", "--set", "stepMs=0,1"], "Did you mean tpe?"],
  [["--search", "tpe", "--set", "stepMs=0,1"], "--search needs --trials"],
  [
    ["--search", "cmaEs", "--batch", "1", "--trials", "5", "--set", "stepMs=0,1"],
    "Its population is what --batch gives",
  ],
  [["--eta", "3", "--set", "stepMs=0,1"], "--eta needs --halving"],
  [["--halving", "--set", "stepMs=0,1"], "give --steps N"],
  [["--halving", "--steps", "9", "--set", "stepMs=1"], "and there is one"],
  [["--halving", "--steps", "9", "--min-steps", "9", "--set", "stepMs=0,1"], "below the 9 outer steps"],
  [
    ["--search", "tpe", "--trials", "5", "--set", "task.noise=uniform(-1,1)", "--set", "task.size=1"],
    "task.noise: must be",
  ],
])("%j is told before any cell runs, too", async (args, words) => {
  const { code, stderr } = await sweep(...args, "--out", "none");
  expect([code, existsSync(join(dir, "none"))]).toEqual([2, false]);
  expect(stderr).toContain(words);
});
