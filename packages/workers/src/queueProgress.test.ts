import { expect, test } from "vitest";
import { type QueueProgress, progressMeter } from "./queueProgress.ts";

test("the whole is told while it changes: where cells are, and steps that were not made before", async () => {
  const told: QueueProgress[] = [];
  const meter = progressMeter((progress) => told.push(progress), 40);
  for (const cell of ["a", "b", "c"]) meter.place(cell, "waiting");
  meter.place("a", "running");
  // The first step that is heard of says where the cell begins, not how fast it is.
  meter.step("a", 100);
  await expect.poll(() => told).toEqual([{ waiting: 2, running: 1, stepsPerSecond: 0 }]);
  meter.step("a", 110);
  meter.step("a", 104);
  meter.step("a", 110);
  await expect.poll(() => told.length).toBe(3);
  // Ten steps in one period of 40 ms or, on a busy machine, longer.
  expect(told[1]!.stepsPerSecond).toBeGreaterThan(0);
  expect(told[1]!.stepsPerSecond).toBeLessThanOrEqual(260);
  expect(told[2]).toEqual({ waiting: 2, running: 1, stepsPerSecond: 0 });
  meter.place("b", undefined);
  await expect.poll(() => told.at(-1)).toEqual({ waiting: 1, running: 1, stepsPerSecond: 0 });
  meter.end();
});
