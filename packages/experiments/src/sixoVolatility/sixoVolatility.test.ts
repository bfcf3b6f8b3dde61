import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { sixoVolatility } from "./sixoVolatility.ts";

test("bounds of volatility beside each other", { tags: ["long"] }, async () => {
  const methods = ["sixoQuadrature", "sixo"];
  const config = { methods, steps: 2, currencies: 2, months: 6, testParticles: 8 };
  const { summary, results } = await runStudy(sixoVolatility, { config });
  const [table] = summary.tables!;
  expect(table!.rows.map(([method]) => method)).toEqual(methods);
  for (const row of table!.rows) expect(row.slice(1).every(Number.isFinite)).toBe(true);
  expect([...results.keys()]).toEqual(["sixoQuadrature-0", "sixo-0"]);
});
