/** `analyse` as a command: what it answers of a run's learned optimizer, and how it refuses other runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventsOf, unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const run = (...args: string[]) => unspool(dir, ...args);

test("the optimizer of a run is taken apart, in words, as JSON and as a page", async () => {
  const small = ["units=3", "horizon=6", "tasks=2", "evaluationTasks=2"].flatMap((one) => ["--set", one]);
  expect((await run("run", "reverse-optimizer", ...small, "--steps", "2", "--out", "learned")).code).toBe(0);
  const outcome = await run("analyse", "learned", "--tasks", "3", "--json");
  expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
  const [event, ...rest] = eventsOf(outcome);
  expect(rest).toEqual([]);
  expect(event).toMatchObject({ event: "analyse", experiment: "reverse-optimizer", step: 2 });
  expect((event!["modes"] as unknown[]).length).toBe(3);
  expect((event!["words"] as string[]).length).toBe(5);
  // The sum rule of the modes.
  const { sumOfRates, effectiveLearningRate } = event as unknown as Record<string, number>;
  expect(sumOfRates! / effectiveLearningRate!).toBeCloseTo(1, 6);
  expect(existsSync(join(dir, "learned/analysis.html"))).toBe(true);
});
