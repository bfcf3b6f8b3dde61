import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { invarianceRings } from "./invarianceRings.ts";

test("all ways to be invariant, beside each other", async () => {
  const { summary } = await runStudy(invarianceRings, { config: { steps: 6, samples: 3 } });
  const [table] = summary.tables!;
  expect(table!.rows.map(([method]) => method)).toEqual([
    ...["lila", "deterministic", "circle", "augmented", "none", "polar", "augerino"],
  ]);
  expect(Object.keys(summary.metrics!)).toContain("lila kron: evidence");
  for (const [, , , , accuracy] of table!.rows) expect(accuracy).toBeGreaterThan(0.2);
});
