import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { invarianceRings } from "./invarianceRings.ts";

test("ways to be invariant, beside each other", { tags: ["long"] }, async () => {
  const config = { methods: ["lila", "polar", "augerino"], steps: 6, samples: 3 };
  const { summary } = await runStudy(invarianceRings, { config });
  const [table] = summary.tables!;
  expect(table!.rows.map(([method]) => method)).toEqual(config.methods);
  expect(Object.keys(summary.metrics!)).toContain("lila kron: evidence");
  for (const [, , , , accuracy] of table!.rows) expect(accuracy).toBeGreaterThan(0.2);
});
