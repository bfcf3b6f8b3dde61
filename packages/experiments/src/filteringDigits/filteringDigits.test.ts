import { initMlp, random, train } from "unspool";
import { expect, test } from "vitest";
import { digitsLearning } from "./digitsLearning.ts";
import { movingDigits, scatteredDigits } from "./movingDigits.ts";

const options = { digit: 7, pool: 1, frames: 4, drift: [2, 1], spread: 0 } as const;

test("frames are the digit moved around the torus: nothing of it is lost, and whole moves come back to it", () => {
  const { frames, places } = movingDigits(random.key(1), { ...options, frames: 15, drift: [4, 0] });
  const sums = [...frames.sum(1).data].map(Number);
  for (const sum of sums) expect(sum).toBeCloseTo(sums[0]!, 6);
  // Seven moves of 4 rows go once around 28 of them.
  expect(places[7]![0]).toBeCloseTo(places[0]![0], 6);
  const gap = frames.slice(7).sub(frames.slice(0));
  expect(Math.max(...Array.from(gap.data, (x) => Math.abs(Number(x))))).toBeLessThan(1e-6);
});

test("scattered frames are pooled means", () => {
  const [whole, pooled] = [1, 4].map((pool) => scatteredDigits(random.key(2), 3, { digit: 7, pool }));
  expect(pooled!.shape).toEqual([3, 49]);
  expect(pooled!.sum().item() * 16).toBeCloseTo(whole!.sum().item(), 6);
});

test("the transition is learned along the stream, with a code of one's own", { tags: ["long"] }, async () => {
  const layers = (name: string, sizes: number[]) =>
    initMlp(random.foldIn(random.key(3), name), sizes, { dtype: "float64" });
  const code = { encoder: layers("encoder", [49, 8, 4]), decoder: layers("decoder", [2, 8, 49]) };
  const { metrics } = await train(digitsLearning(code), {
    config: { pool: 4, observations: 3, phiSteps: 5, samples: 20, blocks: 1, hidden: 4 },
  });
  expect(metrics.map(({ loss }) => Number.isFinite(loss))).toEqual([true, true, true]);
  // Frames are compared from the second on.
  expect(metrics.map((record) => typeof record["predictionError"])).toEqual([
    "undefined",
    "number",
    "number",
  ]);
});
