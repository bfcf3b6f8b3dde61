/** Signals, closed and full outputs, two processes and odd evaluations against the command. */
import { spawn } from "node:child_process";
import { openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Outcome, eventsOf, exitCodeOf, start, unspool, workFolder } from "../e2e/command.ts";
import { writeFixtures } from "./fixtures.ts";

const { dir, remove } = workFolder();
const bin = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));
beforeAll(() => writeFixtures(dir));
afterAll(remove);

const manifestOf = (run: string) =>
  JSON.parse(readFileSync(join(dir, run, "config.json"), "utf8")) as Record<string, unknown>;

function expectLeft(run: string, status: string): void {
  expect(manifestOf(run)["status"]).toBe(status);
  expect(readdirSync(join(dir, run))).not.toContain("run.lock");
}

describe("an interrupt is acted on", () => {
  test("in an outer step that takes a minute, and the steps before it are kept", async () => {
    const args = ["run", "noisyQuadratic.ts", "--set", "stepMs=60000", "--out", "slow", "--json"];
    const { outcome } = start(dir, args, ({ event }, child) => {
      if (event === "checkpoint") setTimeout(() => child.kill("SIGINT"), 100);
    });
    const { code, stdout, stderr } = await outcome;
    expect([code, stderr]).toEqual([130, expect.stringContaining("Interrupted") as string]);
    const last = eventsOf({ stdout } as Outcome).at(-1);
    const lost = expect.stringContaining("the outer step under way") as string;
    expect(last).toMatchObject({
      event: "interrupted",
      steps: 0,
      lost,
      resume: "unspool resume slow --experiment noisyQuadratic.ts",
    });
    expectLeft("slow", "interrupted");
  });

  test("in an evaluation that takes a minute, and all steps are kept", { tags: ["long"] }, async () => {
    const { outcome, child } = start(dir, ["run", "slowEvaluation.ts", "--out", "evaluating", "--json"]);
    child.stderr!.on("data", (text: string) => text.includes("evaluating") && child.kill("SIGTERM"));
    const stopped = await outcome;
    expect(stopped.code).toBe(143);
    const lost = expect.stringContaining(
      "Lost: the evaluation under way, which resume begins again",
    ) as string;
    expect(eventsOf(stopped).at(-1)).toMatchObject({ event: "interrupted", steps: 5, lost });
    expectLeft("evaluating", "interrupted");
  });
});

test.each(["compare", "diagnose"])(
  "%s says that nothing of it is kept",
  { tags: ["long"] },
  async (command) => {
    const { outcome, child } = start(dir, [command, "influence-balancing"]);
    child.stdout!.on("data", (text: string) => text.includes("preparing") && child.kill("SIGINT"));
    const { code, stdout } = await outcome;
    expect([code, stdout]).toEqual([
      130,
      expect.stringContaining(`Interrupted: ${command} was not done, and keeps nothing on its way`) as string,
    ]);
  },
);

describe("an output that cannot be written", () => {
  test.each(["stdout", "stderr"] as const)(
    "%s on a full disk ends the run with a checkpoint and no stack",
    { tags: ["long"] },
    async (name) => {
      const run = `full-${name}`;
      const full = openSync("/dev/full", "w");
      const args = [bin, "run", "exiting.ts", "--set", "stepMs=20", "--out", run, "--steps", "500"];
      // stderr fails as soon as something is told there: a signal does that.
      const child = spawn(process.execPath, args, {
        cwd: dir,
        stdio: ["ignore", name === "stdout" ? full : "pipe", name === "stderr" ? full : "pipe"],
      });
      let text = "";
      child.stdout?.on("data", (bytes: Buffer) => {
        text += String(bytes);
        if (name === "stderr" && text.includes("step 1/")) child.kill("SIGINT");
      });
      child.stderr?.on("data", (bytes: Buffer) => (text += String(bytes)));
      const code = await exitCodeOf(child);
      expect(code).toBe(name === "stdout" ? 1 : 130);
      expect(text).not.toMatch(/^\s+at /m);
      // Told before the run began, if stdout is full from the start: then there is nothing to keep.
      if (name === "stderr") expectLeft(run, "interrupted");
    },
  );

  test.each([[["list"]], [["list", "--json"]], [["--help"]], [["run", "--help"]]])(
    "stdout on a full disk is an error of unspool %j",
    async (args) => {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [bin, ...args], { cwd: dir, stdio: ["ignore", full, "pipe"] });
      let text = "";
      child.stderr!.on("data", (bytes: Buffer) => (text += String(bytes)));
      const code = await exitCodeOf(child);
      expect([code, text]).toEqual([
        1,
        expect.stringMatching(/^unspool: stdout could not be written \(ENOSPC/),
      ]);
    },
  );

  test("a pipe that is closed ends the run with code 141", { tags: ["long"] }, async () => {
    const args = ["run", "noisyQuadratic.ts", "--set", "stepMs=20", "--out", "closed", "--json"];
    const { outcome } = start(dir, args, ({ event }, child) => {
      if (event === "step") child.stdout!.destroy();
    });
    const { code, stderr } = await outcome;
    expect(code).toBe(141);
    expect(stderr).toContain("unspool resume closed");
    expect(stderr).not.toMatch(/^\s+at /m);
    expectLeft("closed", "interrupted");
  });
});

test(
  "resume of a run that goes on is refused, and the run is not disturbed",
  { tags: ["long"] },
  async () => {
    let second: Promise<Outcome> | undefined;
    const args = ["run", "gated.ts", "--steps", "60", "--out", "live", "--json"];
    const first = await start(dir, args, ({ event }) => {
      if (event === "checkpoint")
        second ??= unspool(dir, "resume", "live", "--experiment", "gated.ts", "--json").finally(() =>
          writeFileSync(join(dir, "go"), ""),
        );
    }).outcome;
    const refused = await second!;
    expect(refused.code).toBe(1);
    expect(eventsOf(refused).at(-1)).toMatchObject({
      event: "error",
      message: expect.stringContaining("it is being written by process") as string,
    });
    expect([first.code, eventsOf(first).at(-1)?.event]).toEqual([0, "done"]);
    expect(readFileSync(join(dir, "live/metrics.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(60);
  },
);

test("an experiment's process.exit is told, and the run stays", { tags: ["long"] }, async () => {
  const outcome = await unspool(dir, "run", "exiting.ts", "--out", "exited");
  expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining("process.exit(7)") as string]);
  expectLeft("exited", "failed");
});
