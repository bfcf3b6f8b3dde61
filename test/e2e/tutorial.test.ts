/** The tutorial's file, as printed, does under the command what the tutorial says. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
const tutorial = readFileSync(join(import.meta.dirname, "../../docs/tutorial.md"), "utf8");
writeFileSync(join(dir, "pendulum.ts"), /^```ts\n(.*?)^```$/ms.exec(tutorial)![1]!);

afterAll(remove);

async function gravityBy(...args: string[]): Promise<number> {
  const { stdout, code } = await unspool(dir, "run", "pendulum.ts", "--json", ...args);
  expect(code).toBe(0);
  const done = JSON.parse(stdout.trim().split("\n").at(-1)!) as { evaluation: { gravity: number } };
  return done.evaluation.gravity;
}

test("noise-reuse evolution strategies find gravity within 1 %", async () => {
  expect(Math.abs((await gravityBy()) / 9.81 - 1)).toBeLessThan(0.01);
});

test("real-time recurrent learning lands on 9.810", async () => {
  expect(await gravityBy("--set", "estimator=rtrl")).toBeCloseTo(9.81, 3);
});
