/** The study at a small size: stopped and gone on with it is the same; a warm start follows the true state further. */
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { quantumRealTime } from "./quantumRealTime.ts";

test(
  "stopped in the middle it comes to the same, and warm starts follow further",
  { tags: ["long"] },
  async () => {
    const small = {
      qubits: 2,
      layers: 2,
      initSteps: 12,
      stepsPerState: 3,
      seeds: 1,
      timeSteps: 3,
      totalTime: 1,
      methods: ["natural"],
    };
    const { figures, metrics } = await runStopped(quantumRealTime, small, { stopAfter: 24 });
    expect(figures!.map(({ id, series }) => [id, series.length])).toEqual([["evolution", 2]]);
    expect(figures![0]!.series.every(({ x, y }) => x.length === 4 && y.length === 4)).toBe(true);
    expect(metrics!["natural warm"]!).toBeGreaterThan(metrics!["natural random"]!);
  },
);
