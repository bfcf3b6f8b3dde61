/** What experiments measure after their last step is stopped and gone on with to the same bits. */
import { deepEqual } from "node:assert/strict";
import { type Experiment, memoryStore, resume, train } from "unspool";
import { expect, test } from "vitest";
import { loadedDice } from "../loadedDice/loadedDice.ts";
import { metaGradientBandit } from "../metaGradientBandit/metaGradientBandit.ts";
import { measureEach, measureInChunks } from "./measureInParts.ts";

const measure = async (_name: string, parts: number, part: (i: number) => unknown) =>
  Array.from({ length: parts }, (_, i) => Array.from(part(i) as number[]));

test("items one by one and in chunks", async () => {
  expect(await measureEach(measure, "each", [3, 4], (x, i) => [x, i])).toEqual([
    [3, 0],
    [4, 1],
  ]);
  const seen: number[] = [];
  const doubled = await measureInChunks(measure, "chunks", [1, 2, 3, 4, 5], 2, (chunk) => {
    seen.push(chunk.length);
    return chunk.map((x) => 2 * x);
  });
  expect(doubled).toEqual([2, 4, 6, 8, 10]);
  expect(seen).toEqual([2, 2, 1]);
});

const small: [Experiment, object][] = [
  [metaGradientBandit as Experiment, { arms: 2, updates: 4, batch: 2, lifetimes: 4, surface: 3, samples: 4 }],
  [loadedDice as Experiment, { trajectories: 4096 }],
];

// A second one only by `npm run test:robustness`.
const taken = process.env["UNSPOOL_LONG_TESTS"] ? small : small.slice(0, 1);

test.each(taken.map(([experiment, config]) => [experiment.name, experiment, config] as const))(
  "%s is stopped in the middle of its measurements and comes to the same",
  { tags: ["long"], timeout: 120_000 },
  async (_, experiment, config) => {
    let parts = 0;
    const whole = await train(experiment, {
      config,
      steps: 1,
      onEvent: ({ type }) => void (parts += type === "measure" ? 1 : 0),
    });
    const store = memoryStore();
    const controller = new AbortController();
    let measured = 0;
    const onEvent = ({ type }: { type: string }) => {
      if (type === "measure" && ++measured === Math.ceil(parts / 2)) controller.abort();
    };
    const stopped = await train(experiment, { config, steps: 1, store, signal: controller.signal, onEvent });
    expect(stopped.interrupted).toBe(true);
    const resumed = await resume(experiment, store, { onEvent });
    expect(measured).toBe(parts);
    deepEqual(resumed.evaluation, whole.evaluation);
    deepEqual(resumed.figures, whole.figures);
  },
);
