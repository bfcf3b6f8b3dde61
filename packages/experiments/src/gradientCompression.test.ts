import { train } from "unspool";
import { expect, test } from "vitest";
import { gradientCompression } from "./gradientCompression.ts";

test("counts the bytes of its runs, and draws them over bytes and rounds", async () => {
  const config = {
    steps: 6,
    hidden: [8],
    examples: 200,
    study: ["noCompression", "topK"],
    localSteps: [3],
    seeds: 2,
  };
  const { evaluation, figures, metrics } = await train(gradientCompression, { config, seed: 1 });
  const numbers = 196 * 8 + 8 + 8 * 10 + 10;
  // 1 % of each leaf, at least one element, of 8 bytes: 16 + 1 + 1 + 1 elements.
  expect(metrics.map(({ bytesSent }) => bytesSent)).toEqual(metrics.map(() => 8 * 19));
  const bytes = evaluation!.table!.rows.map((row) => row[4]);
  expect(bytes).toEqual([4 * numbers, 8 * 19, 8 * 19, Math.round((4 * numbers) / 3)]);
  const rounds = figures.find(({ id }) => id === "local-rounds")!;
  expect(rounds.series[0]!.x.at(-1)).toBe(2);
  expect(figures.map(({ id }) => id)).toEqual([
    "trade",
    "bytes-with-feedback",
    "bytes-without-feedback",
    "local-rounds",
  ]);
  for (const { series } of figures) for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);
});
