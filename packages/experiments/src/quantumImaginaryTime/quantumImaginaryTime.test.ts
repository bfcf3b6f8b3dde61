/** The study at a small size: stopped and gone on with it is the same; a warm start is ahead of a new one. */
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { quantumImaginaryTime } from "./quantumImaginaryTime.ts";

test("stopped in the middle it comes to the same, and warm starts are ahead", async () => {
  const small = {
    qubits: 2,
    layers: 2,
    initSteps: 12,
    stepsPerState: 3,
    seeds: 1,
    betas: [0.5, 1, 1.5],
    methods: ["natural"],
  };
  const { figures, metrics } = await runStopped(quantumImaginaryTime, small, { stopAfter: 22 });
  expect(figures!.map(({ id, series }) => [id, series.length])).toEqual([["cooling", 2]]);
  expect(figures![0]!.series.every(({ x, y }) => x.length === 3 && y.length === 3)).toBe(true);
  expect(metrics!["natural warm"]!).toBeLessThan(metrics!["natural random"]!);
});
