import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { evidenceWeightDecay } from "./evidenceWeightDecay.ts";

test("fixed and learned precisions, in one table and two figures", { tags: ["long"] }, async () => {
  const config = { deltas: [1, 100], learned: ["scalar"], n: 40, hidden: 5, steps: 12 };
  const { summary } = await runStudy(evidenceWeightDecay, { config });
  const [table] = summary.tables!;
  expect(table!.rows.map(([prior]) => prior)).toEqual(["fixed", "fixed", "scalar"]);
  expect(summary.figures!.map(({ id }) => id)).toEqual(["validation-loss", "evidence"]);
  expect(summary.metrics!["scalarDelta"]).not.toBe(1);
  expect(summary.metrics!["bestDelta"]).toBeGreaterThan(0);
});
