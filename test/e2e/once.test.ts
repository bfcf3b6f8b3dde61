/** A run reads its config once and makes its theta once, whoever looks at them on the way. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);

/** The calls of the experiment's parts while the command runs. */
async function callsOf(...args: string[]): Promise<string[]> {
  const path = join(dir, "calls.txt");
  rmSync(path, { force: true });
  const { code, stderr } = await unspool(dir, ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

describe("config, theta and the first state", () => {
  it("are made once by run; the config that is kept is read once more, to see that the run can go on", async () => {
    const run = ["run", "counted.ts", "--json"];
    const once = ["parse", "setup", "init", "parse"];
    expect(await callsOf(...run, "--out", "plain", "--set", "steps=3")).toEqual(once);
  });

  it("are made once by resume", { tags: ["long"] }, async () => {
    const more = ["--experiment", "counted.ts", "--steps", "5", "--json"];
    expect(await callsOf("resume", "plain", ...more)).toEqual(["parse", "setup", "init"]);
  });
});
