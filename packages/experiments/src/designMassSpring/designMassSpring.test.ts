import { train } from "unspool";
import { expect, test } from "vitest";
import { designMassSpring } from "./designMassSpring.ts";

test("a few steps of deps, with the run's figures", { tags: ["long"] }, async () => {
  const result = await train(designMassSpring, { seed: 1, config: { steps: 30, horizon: 20, batch: 16 } });
  const { meanReturn, initialReturn } = result.evaluation!.metrics;
  // Rewards are at most 1, of 20 steps.
  expect(meanReturn).toBeLessThanOrEqual(20);
  expect(meanReturn!).toBeGreaterThan(initialReturn!);
});

test("jodc learns a distribution of designs, of which the mean is evaluated", async () => {
  const config = { method: "jodc-ppo", steps: 3, horizon: 20, batch: 16 };
  const { evaluation, metrics } = await train(designMassSpring, { seed: 1, config });
  expect(evaluation!.metrics["omega"]).toBeCloseTo(metrics.at(-1)!["design.omega"] as number, 6);
});
