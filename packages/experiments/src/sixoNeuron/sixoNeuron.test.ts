import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { sixoNeuron } from "./sixoNeuron.ts";

test("with and without a twist, beside each other", { tags: ["long"] }, async () => {
  const sizes = {
    horizon: 7,
    every: 3,
    series: 4,
    testParticles: 8,
    proposal: "filtering",
    comparedParticles: [2],
  };
  const { summary } = await runStudy(sixoNeuron, {
    config: { ...sizes, steps: 1, modelBlock: 1, twistBlock: 1 },
  });
  const [table] = summary.tables!;
  expect(table!.rows.map(([method]) => method)).toEqual(["fivo", "sixo"]);
  for (const row of table!.rows) expect(row.slice(1).every(Number.isFinite)).toBe(true);
  // One step of 0.02 from 13 (1 + 1/2).
  for (const row of table!.rows) expect(row.at(-1)).toBeCloseTo(-0.5, 1);
});
