import { train } from "unspool";
import { expect, test } from "vitest";
import { enasSwimmer } from "./enasSwimmer.ts";

const small = { pairs: 4, steps: 4, horizon: 60, evaluationEpisodes: 1 };

test.each([
  ["shared", 4, true],
  ["fixed-tying", 4, true],
  ["random-tying", 4, true],
  ["toeplitz", 9, false],
  ["dense", 16, false],
])("%s: %i weights, which are drawn", async (policy, weights, isShared) => {
  const { evaluation, figures } = await train(enasSwimmer, { seed: 1, config: { ...small, policy } });
  expect(evaluation!.metrics["weights"]).toBe(weights);
  const network = figures!.find(({ id }) => id === "network")!;
  const lines = network.series.filter(({ kind }) => kind === undefined);
  // Two ends and a gap for each of 16 edges.
  expect(lines.reduce((sum, { x }) => sum + x.length, 0)).toBe(48);
  if (isShared) expect(lines.length).toBeGreaterThan(1);
  else expect(lines).toHaveLength(1);
});
