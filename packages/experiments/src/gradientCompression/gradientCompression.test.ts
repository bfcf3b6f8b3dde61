import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { compressedTraining } from "./compressedTraining.ts";
import { gradientCompression } from "./gradientCompression.ts";

const shared = { hidden: [8], examples: 200 };
/** Bytes of one message: a bit of each number and a scale of each leaf. */
const leaves = [196 * 8, 8, 8 * 10, 10];
const signs = leaves.reduce((sum, n) => sum + Math.ceil(n / 8) + 4, 0);

test(
  "counts the bytes of its runs, draws them over bytes and rounds, and goes on where it was stopped",
  { tags: ["long"] },
  async () => {
    const config = { ...shared, steps: 24, study: ["scaledSign"], localSteps: [3], seeds: 2 };
    const { metrics, tables, figures } = await runStopped(gradientCompression, config, { stopAfter: 3 });
    expect(Object.keys(metrics!)).toEqual(["scaledSignFeedbackLoss", "scaledSignLoss", "local3Loss"]);
    const { rows } = tables![0]!;
    const whole = 4 * leaves.reduce((sum, n) => sum + n, 0);
    expect(rows.map((row) => row[4])).toEqual([signs, signs, Math.round(whole / 3)]);
    expect(rows.at(-1)![5]).toBeCloseTo(3, 5);
    const rounds = figures!.find(({ id }) => id === "local-rounds")!;
    // Windows of 20 and of the 4 that are left.
    expect(rounds.series[0]!.x).toEqual([20 / 3, 8]);
    expect(figures!.map(({ id }) => id)).toEqual([
      "trade",
      "bytes-with-feedback",
      "bytes-without-feedback",
      "local-rounds",
    ]);
    for (const { series } of figures!)
      for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);
  },
);

test("every step of the single training says what was sent", async () => {
  const config = { ...shared, compressor: "scaledSign", steps: 6 };
  const { metrics, evaluation } = await train(compressedTraining, { config, seed: 1 });
  expect(metrics.map(({ bytesSent }) => bytesSent)).toEqual(metrics.map(() => signs));
  expect(evaluation!.metrics["trainedLoss"]).toBeLessThan(evaluation!.metrics["initialLoss"]!);
});
