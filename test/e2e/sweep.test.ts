/** A sweep whose process is killed. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventsOf, start, unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const summaryOf = (out: string): string => readFileSync(join(dir, out, "summary.json"), "utf8");

test(
  "a sweep killed with two runs under way goes on by resume to the same summary",
  { tags: ["long"] },
  async () => {
    const args = [
      "--set",
      "task.noise=0,1,3",
      "--set",
      "task.size=2",
      "--steps",
      "6",
      "--set",
      "stepMs=20",
      "--seeds",
      "0..2",
    ];
    const whole = await unspool(dir, "sweep", "noisyQuadratic.ts", ...args, "--out", "calm");
    expect([whole.stderr, whole.code]).toEqual(["", 0]);
    const { outcome } = start(
      dir,
      ["sweep", "noisyQuadratic.ts", ...args, "--out", "killed", "--jobs", "2", "--json"],
      ({ event, cell }, child) => {
        if (event === "step" && cell === "task.noise-3_seed-0") child.kill("SIGKILL");
      },
    );
    expect((await outcome).signal).toBe("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const ended = readdirSync(join(dir, "killed/cells")).length;
    expect(ended).toBeLessThan(9);
    const resumed = await unspool(dir, "resume", "killed", "--experiment", "noisyQuadratic.ts", "--json");
    expect([resumed.stderr, resumed.code]).toEqual(["", 0]);
    expect(eventsOf(resumed).at(-1)).toMatchObject({ event: "study-done", best: { by: "loss" } });
    expect(summaryOf("killed")).toBe(summaryOf("calm"));
  },
);

test.each([
  ["a search", ["--set", "task.noise=uniform(0,3)", "--search", "tpe", "--trials", "8", "--batch", "2"]],
  ["halving", ["--set", "task.noise=0,1,2,3,4,5", "--halving", "--min-steps", "3"]],
])(
  "%s that is killed, once it has grown, tries what it would have tried",
  { tags: ["long"] },
  async (name, words) => {
    const args = [...words, "--set", "task.size=2", "--set", "stepMs=20", "--steps", "9", "--seeds", "0"];
    const out = name.replace(" ", "-");
    const whole = await unspool(dir, "sweep", "noisyQuadratic.ts", ...args, "--out", `calm-${out}`);
    expect([whole.stderr, whole.code]).toEqual(["", 0]);
    let hasGrown = false;
    const { outcome } = start(
      dir,
      ["sweep", "noisyQuadratic.ts", ...args, "--out", out, "--jobs", "2", "--json"],
      ({ event }, child) => {
        hasGrown ||= event === "study-grow";
        if (hasGrown && event === "step") child.kill("SIGKILL");
      },
    );
    expect((await outcome).signal).toBe("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const resumed = await unspool(dir, "resume", out, "--experiment", "noisyQuadratic.ts", "--json");
    expect([resumed.stderr, resumed.code]).toEqual(["", 0]);
    expect(summaryOf(out)).toBe(summaryOf(`calm-${out}`));
  },
);
