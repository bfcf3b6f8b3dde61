import { train } from "unspool";
import { expect, test } from "vitest";
import { designDrone } from "./designDrone.ts";

test("a drone that cannot hover grows its rotors", { tags: ["long"] }, async () => {
  const { evaluation } = await train(designDrone, { seed: 1, config: { steps: 60, horizon: 10, batch: 8 } });
  const { meanReturn, initialReturn, ...design } = evaluation!.metrics;
  expect(design["rotor radius"]!).toBeGreaterThan(0.08);
  expect(meanReturn!).toBeGreaterThan(initialReturn!);
});
