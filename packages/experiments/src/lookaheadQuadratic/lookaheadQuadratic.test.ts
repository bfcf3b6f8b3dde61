import { noisyQuadratic, train } from "unspool";
import { expect, test } from "vitest";
import { lookaheadQuadratic } from "./lookaheadQuadratic.ts";

test("a shorter run is held against the closed form of the steps that it did", async () => {
  const steps = 60;
  const { evaluation, figures } = await train(lookaheadQuadratic, { seed: 1, steps });
  const a = Array.from({ length: 100 }, (_, i) => 1 / (i + 1));
  const model = noisyQuadratic({ a, sigma2: a.map((curvature) => 1 / curvature) });
  const curve = model.expectedLossCurve({ learningRate: 0.86, alpha: 0.3, k: 5, steps, mean: 3 });
  const { loss, expectedLoss } = evaluation!.metrics as { loss: number; expectedLoss: number };
  expect(expectedLoss).toBeCloseTo(curve.slow[steps]!, 12);
  // 100 chains of 100 coordinates: a relative standard error of about 1 %.
  expect(Math.abs(loss / expectedLoss - 1)).toBeLessThan(0.04);
  const drawn = figures.find(({ id }) => id === "expected-loss")!;
  for (const { x } of drawn.series) expect(Math.max(...x)).toBeLessThanOrEqual(steps);
});
