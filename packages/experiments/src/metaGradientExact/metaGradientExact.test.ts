import { train } from "unspool";
import { expect, test } from "vitest";
import { metaGradientExact, restOf } from "./metaGradientExact.ts";

test("the run with the full correction ends beside its rest; the naive rest is elsewhere", async () => {
  const { evaluation, figures } = await train(metaGradientExact, {
    seed: 1,
    config: { steps: 60, lifetimes: 1000 },
  });
  // Zero of the exact gradient by bisection in float64: 0.9958661.
  expect(restOf({})).toBeCloseTo(0.9958661, 5);
  expect(Math.abs((evaluation!.metrics as { eta: number }).eta - 0.9958661)).toBeLessThan(0.5);
  expect(figures.map(({ id }) => id)).toEqual(["return", "bias-variance", "truncation"]);
  for (const { series } of figures) for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);
});
