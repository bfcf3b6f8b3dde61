/** A study, stopped in any way, goes on to the same summary; no cell that is done is run again. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JsonEvent, eventsOf, start, unspool, workFolder } from "./command.ts";

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
  const cell = await unspool(dir, "report", "whole/cells/noise-1");
  expect([cell.stderr, cell.code]).toEqual(["", 0]);
});

describe.each([
  ["one after the other", []],
  ["two at once", ["--jobs", "2"]],
])("%s", (name, jobs) => {
  const folder = (what: string): string => `${what}-${jobs.length}`;

  it("ends with the same summary after kill -9 in its second cell", async () => {
    const out = folder("killed");
    const { outcome } = start(
      dir,
      run(out, "--set", "stepMs=5", "--checkpoint-every", "0.05", ...jobs),
      ({ event, cell, step }, child) => {
        if (event === "step" && cell === "noise-0.3" && (step as number) >= 12) child.kill("SIGKILL");
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

  it("stops at Ctrl-C with code 130, says how to go on, and goes on to the same summary", async () => {
    const out = folder("interrupted");
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
    await resume(out, ...jobs);
    expect(summaryOf(out)).toBe(summaryOf("whole"));
  });
});

it("keeps the steps of its cells at a Ctrl-C that a terminal sends to all of its processes", async () => {
  const args = run("group", "--set", "stepMs=5", "--jobs", "2");
  const interrupt = ({ event, cell, step }: JsonEvent, child: ChildProcess): void => {
    if (event === "step" && cell === "noise-0.3" && step === 10) process.kill(-child.pid!, "SIGINT");
  };
  const { outcome } = start(dir, args, interrupt, true);
  expect((await outcome).code).toBe(130);
  const cell = join(dir, "group/cells/noise-0.3");
  const steps = readFileSync(join(cell, "metrics.jsonl"), "utf8").trimEnd().split("\n").length;
  expect(steps).toBeGreaterThanOrEqual(10);
  expect(readdirSync(join(cell, "checkpoints"))).toContain(`${String(steps).padStart(8, "0")}.safetensors`);
  expect(statusOf("group", "noise-0.3")).toBe("interrupted");
});

it("is taken cell by cell, by whoever names one, and summarised as far as it is", async () => {
  const first = await unspool(dir, ...run("shared", "--cell", "noise-1"));
  expect(startsIn(eventsOf(first))).toEqual(["noise-1"]);
  expect(eventsOf(first).at(-1)).toMatchObject({ ended: 1, cells: 4 });
  const [second, third] = await Promise.all([
    resume("shared", "--cell", "noise-0"),
    resume("shared", "--cell", "noise-0.3"),
  ]);
  expect([second.code, third.code]).toEqual([0, 0]);
  const rest = await resume("shared");
  expect(startsIn(eventsOf(rest))).toEqual(["after"]);
  expect(summaryOf("shared")).toBe(summaryOf("whole"));
});

it("says which cell failed, which cannot run after it, and that no resume helps", async () => {
  // The squares of such noise are infinite in float32.
  const failed = "noise-100000000000000000000";
  const levels = ["--set", "levels=[1e20,0.3]"];
  const told = await unspool(dir, ...run("failing", ...levels).filter((word) => word !== "--json"));
  expect(told.code).toBe(1);
  expect(told.stdout).toContain("done 1 of 3 cells, 1 failed, 1 cannot run");
  expect(told.stdout).toMatch(new RegExp(`^${failed} failed: outer step \\d of .*the loss is Infinity`, "m"));
  expect(told.stdout).toContain(`after cannot run: it comes after ${failed}`);
  expect(told.stdout).toContain("unspool run noisyStudy.ts --set KEY=VALUE --seed N");
  expect(told.stdout).not.toContain("Continue with");
  expect(readFileSync(join(dir, "failing/report.html"), "utf8")).toContain(
    "cannot run: it comes after noise-",
  );
  const again = await resume("failing");
  expect([again.code, startsIn(eventsOf(again))]).toEqual([1, []]);
  const blocked = [{ id: "after", failed: [failed] }];
  expect(eventsOf(again).at(-1)).toMatchObject({
    event: "study-done",
    ended: 2,
    cells: 3,
    blocked,
    resume: null,
  });
});

it("a study.json of a later version is not read as one of this", async () => {
  const path = join(dir, "whole/study.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("unspool-study-1", "unspool-study-9"));
  const { code, stdout } = await resume("whole");
  writeFileSync(path, text);
  expect(code).toBe(1);
  expect(stdout).toContain("unspool-study-9");
  expect(stdout).toContain("by the version of Unspool that wrote it");
});

function statusOf(out: string, id: string): unknown {
  const path = join(dir, out, "cells", id, "config.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { status: string }).status : undefined;
}
