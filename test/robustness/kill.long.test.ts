/** SIGKILL to the command before every file-system operation of a run, and at random moments other signals. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { eventsOf, unspool, workFolder } from "../e2e/command.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const bin = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));
const preload = fileURLToPath(new URL("killPreload.cjs", import.meta.url));

const settings = ["run", "noisyQuadratic.ts", "--steps", "6", "--json"];
const results = (last: Record<string, unknown> | undefined) => ({
  theta: last?.["theta"],
  loss: last?.["loss"],
});

/** Runs the command under the preload; its signal, or undefined. */
function killed(run: string, at: number): Promise<NodeJS.Signals | null> {
  const env = { ...process.env, UNSPOOL_KILL_AT: String(at), UNSPOOL_KILL_IN: run };
  const args = ["--require", preload, bin, ...settings, "--out", run, "--checkpoint-every", "0.001"];
  const child = spawn(process.execPath, args, { cwd: dir, env, stdio: "ignore" });
  return new Promise((resolve) => child.on("close", (_, signal) => resolve(signal)));
}

async function wholeRun(): Promise<unknown> {
  return results(eventsOf(await unspool(dir, ...settings, "--out", "whole")).at(-1));
}

/** Goes on with what is left: resume where there is a run, else the same start again. */
async function goOn(run: string): Promise<unknown> {
  const isRun = existsSync(join(dir, run, "config.json"));
  const args = isRun
    ? ["resume", run, "--experiment", "noisyQuadratic.ts", "--json"]
    : [...settings, "--out", run];
  const outcome = await unspool(dir, ...args);
  const torn = readdirSync(join(dir, run), { recursive: true }).map(String);
  expect(torn.filter((name) => /\.tmp$|run\.lock/.test(name))).toEqual([]);
  return results(eventsOf(outcome).at(-1));
}

test("SIGKILL before each operation", async () => {
  const expected = await wholeRun();
  let at = 1;
  for (; at < 400; at++) {
    const run = `kill-${at}-at`;
    if ((await killed(run, at)) !== "SIGKILL") break;
    expect({ at, ...((await goOn(run)) as object) }).toEqual({ at, ...(expected as object) });
  }
  expect(at).toBeGreaterThan(40);
});

test("signals at random moments, of the start and of the steps", async () => {
  const expected = await wholeRun();
  // A linear congruential sequence (Numerical Recipes): moments that can be found again.
  let random = 12345;
  for (let round = 0; round < 60; round++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const signal = (["SIGINT", "SIGTERM", "SIGKILL"] as const)[round % 3]!;
    const run = `signal-${round}`;
    const child = spawn(process.execPath, [bin, ...settings, "--out", run], { cwd: dir, stdio: "ignore" });
    const wait = 1500 * (random / 2 ** 32);
    setTimeout(() => child.kill(signal), wait);
    const ended = await new Promise((resolve) => child.on("close", (code, how) => resolve(code ?? how)));
    expect({ wait, ended }).toMatchObject({
      ended: expect.toBeOneOf([0, 130, 143, "SIGKILL", "SIGINT", "SIGTERM"]) as unknown,
    });
    expect({ wait, ...((await goOn(run)) as object) }).toEqual({ wait, ...(expected as object) });
  }
});

test("18 runs that start at once have 18 folders, each with the lines of one", async () => {
  const seeds = Array.from({ length: 18 }, (_, i) => i);
  const outcomes = await Promise.all(
    seeds.map((seed) =>
      unspool(dir, "run", "noisyQuadratic.ts", "--steps", "5", "--seed", String(seed), "--json"),
    ),
  );
  expect(outcomes.map(({ code }) => code)).toEqual(seeds.map(() => 0));
  const folders = outcomes.map((outcome) => eventsOf(outcome).at(-1)!["run"] as string);
  expect(new Set(folders).size).toBe(18);
  for (const [seed, folder] of folders.entries()) {
    expect(JSON.parse(readFileSync(join(dir, folder, "config.json"), "utf8"))).toMatchObject({
      seed,
      status: "done",
    });
    expect(
      readFileSync(join(dir, folder, "metrics.jsonl"), "utf8")
        .trimEnd()
        .split("\n"),
    ).toHaveLength(5);
  }
});
