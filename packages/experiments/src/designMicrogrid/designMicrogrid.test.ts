import { train } from "unspool";
import { expect, test } from "vitest";
import { designMicrogrid } from "./designMicrogrid.ts";

test("some steps raise the return", { tags: ["long"] }, async () => {
  const { evaluation } = await train(designMicrogrid, {
    seed: 1,
    config: { steps: 40, horizon: 24, batch: 16 },
  });
  const { meanReturn, initialReturn } = evaluation!.metrics;
  expect(meanReturn!).toBeGreaterThan(initialReturn!);
});
