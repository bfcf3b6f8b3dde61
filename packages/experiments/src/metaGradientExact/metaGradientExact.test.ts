import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { metaGradientEnumerated } from "./metaGradientEnumerated.ts";
import { metaGradientExact } from "./metaGradientExact.ts";

test(
  "the run with the full correction ends beside its rest; the naive rest is elsewhere",
  { tags: ["long"] },
  async () => {
    const config = { steps: 60, lifetimes: 1000 };
    const { evaluation } = await train(metaGradientExact, { seed: 1, config });
    const only = ["rest-of-sampling-correction", "rest-of-naive", "plane", "truncation"];
    const { tables, figures } = await runStopped(metaGradientEnumerated, config, {
      stopAfter: 30,
      seed: 1,
      only,
    });
    const [[, rest], [, naive]] = tables![0]!.rows as [[string, number, number], [string, number, number]];
    // Zero of the exact gradient by bisection in float64: 0.9958661.
    expect(rest).toBeCloseTo(0.9958661, 5);
    expect(Math.abs((evaluation!.metrics as { eta: number }).eta - 0.9958661)).toBeLessThan(0.5);
    expect(naive).toBeGreaterThan(rest + 0.5);
    expect(figures!.map(({ id }) => id)).toEqual(["bias-variance", "truncation"]);
    for (const { series } of figures!)
      for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);
  },
);

test("the path of the run is drawn over the return", async () => {
  const { figures, metrics } = await runStopped(
    metaGradientEnumerated,
    { steps: 3, lifetimes: 100 },
    { stopAfter: 20, only: ["run", "surface", "path"] },
  );
  const [{ id, series }] = figures as [(typeof figures & object)[number]];
  expect(id).toBe("return");
  expect(series.map(({ x }) => x.length)).toEqual([49, 3]);
  expect(series[1]!.x.at(-1)).toBeCloseTo(metrics!["eta"]!, 12);
  expect(series[1]!.y.at(-1)).toBeCloseTo(metrics!["return"]!, 12);
});
