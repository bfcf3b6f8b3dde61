/** A study, stopped in any way, goes on to the same summary; no cell that is done is run again. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JsonEvent, bin, eventsOf, exitCodeOf, start, unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);

const run = (out: string, ...more: string[]) => ["run", "noisyStudy.ts", "--out", out, "--json", ...more];
const resume = (out: string, ...more: string[]) =>
  unspool(dir, "resume", out, "--experiment", "noisyStudy.ts", "--json", ...more);
const summaryOf = (out: string): string => readFileSync(join(dir, out, "summary.json"), "utf8");
const startsIn = (events: readonly JsonEvent[]): unknown[] =>
  events.filter(({ event }) => event === "start").map(({ cell }) => cell);
const all = ["noise-0", "noise-0.3", "noise-1", "after"];

beforeAll(async () => {
  const whole = await unspool(dir, ...run("whole"));
  expect([whole.stderr, whole.code]).toEqual(["", 0]);
  const events = eventsOf(whole);
  expect(startsIn(events)).toEqual(all);
  expect(events.at(-1)).toMatchObject({ event: "study-done", ended: 4, cells: 4, failed: [], resume: null });
});

it("has a page, whose tables and cells stand in it, and which is drawn again from the folder alone", async () => {
  const page = readFileSync(join(dir, "whole/report.html"), "utf8");
  for (const text of ["noise-levels", "Sizes after all", "noise-0.3", "4"]) expect(page).toContain(text);
  const again = await unspool(dir, "report", "whole", "--out", "again.html");
  expect([again.stderr, again.code]).toEqual(["", 0]);
  expect(readFileSync(join(dir, "again.html"), "utf8")).toBe(page);
});

describe.each([
  ["one after the other", []],
  ["two at once", ["--jobs", "2"]],
])("%s", (_, jobs) => {
  const out = `stopped-${jobs.length}`;
  const resumeLine = ["resume", out, "--experiment", "noisyStudy.ts", "--json"];

  // Each cell in a process of its own, twice over: only by `npm run test:robustness`.
  const isShort = jobs.length > 0 && !process.env["UNSPOOL_LONG_TESTS"];
  it.skipIf(isShort)("stops at Ctrl-C with code 130 and says how to go on", async () => {
    const { outcome } = start(dir, run(out, "--set", "stepMs=5", ...jobs), ({ event, cell, step }, child) => {
      if (event === "step" && cell === "noise-0.3" && step === 5) child.kill("SIGINT");
    });
    const stopped = await outcome;
    expect(stopped.code).toBe(130);
    expect(eventsOf(stopped).at(-1)).toMatchObject({
      event: "study-interrupted",
      study: out,
      resume: `unspool resume ${out} --experiment noisyStudy.ts`,
    });
  });

  it.skipIf(isShort)("goes on, and after kill -9 goes on to the same summary", async () => {
    const { outcome } = start(
      dir,
      [...resumeLine, "--checkpoint-every", "0.05", ...jobs],
      ({ event, cell, step }, child) => {
        // Under load the second cell may have come to its end before it could be stopped.
        const isDue = cell === "noise-0.3" ? (step as number) >= 12 : cell === "noise-1" || cell === "after";
        if (event === "step" && isDue) child.kill("SIGKILL");
      },
    );
    expect((await outcome).signal).toBe("SIGKILL");
    // The process of a cell hears that the study's has ended.
    if (jobs.length > 0) await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = all.filter((id) => statusOf(out, id) === "done");
    const resumed = await resume(out, ...jobs);
    expect([resumed.stderr, resumed.code]).toEqual(["", 0]);
    expect(startsIn(eventsOf(resumed)).toSorted()).toEqual(
      all.filter((id) => !before.includes(id)).toSorted(),
    );
    expect(summaryOf(out)).toBe(summaryOf("whole"));
  });
});

it(
  "keeps the steps of its cells at a Ctrl-C that a terminal sends to all of its processes",
  { tags: ["long"] },
  async () => {
    const args = run("group", "--set", "stepMs=5", "--jobs", "2");
    const interrupt = ({ event, cell, step }: JsonEvent, child: ChildProcess): void => {
      if (event === "step" && cell === "noise-0.3" && step === 10) process.kill(-child.pid!, "SIGINT");
    };
    const { outcome } = start(dir, args, interrupt, true);
    const stopped = await outcome;
    expect(stopped.code).toBe(130);
    const resumeLine = "unspool resume group --experiment noisyStudy.ts";
    expect(eventsOf(stopped).at(-1)).toMatchObject({ event: "study-interrupted", resume: resumeLine });
    const cell = join(dir, "group/cells/noise-0.3");
    const steps = readFileSync(join(cell, "metrics.jsonl"), "utf8").trimEnd().split("\n").length;
    expect(steps).toBeGreaterThanOrEqual(10);
    expect(readdirSync(join(cell, "checkpoints"))).toContain(`${String(steps).padStart(8, "0")}.safetensors`);
    expect(statusOf("group", "noise-0.3")).toBe("interrupted");
  },
);

describe("cells of a study that others have begun", () => {
  beforeAll(async () => {
    const first = await unspool(dir, ...run("shared", "--cell", "noise-1"));
    expect(startsIn(eventsOf(first))).toEqual(["noise-1"]);
    expect(eventsOf(first).at(-1)).toMatchObject({ ended: 1, cells: 4 });
  });

  it("are not run where the study's process has ended while the cell's was loading", async () => {
    const args = [bin, "resume", "shared", "--cell", "noise-0", "--json", "--experiment", "noisyStudy.ts"];
    const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    // What a process hears that is started by one that ends at once.
    child.disconnect();
    const code = await exitCodeOf(child, "exit");
    expect([code, statusOf("shared", "noise-0")]).toEqual([130, undefined]);
  });

  it(
    "are taken one by one, by whoever names one, and summarised as far as they are",
    { tags: ["long"] },
    async () => {
      const [second, third] = await Promise.all([
        resume("shared", "--cell", "noise-0"),
        resume("shared", "--cell", "noise-0.3"),
      ]);
      expect([second.code, third.code]).toEqual([0, 0]);
      const rest = await resume("shared");
      expect(startsIn(eventsOf(rest))).toEqual(["after"]);
      expect(summaryOf("shared")).toBe(summaryOf("whole"));
    },
  );
});

function statusOf(out: string, id: string): unknown {
  const path = join(dir, out, "cells", id, "config.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { status: string }).status : undefined;
}
