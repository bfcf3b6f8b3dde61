import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { enasHybrid } from "./enasHybrid.ts";

test("ES-ENAS is ahead of evolution and of random choices after a tenth of the evaluations", async () => {
  const config = {
    functions: ["sphere"],
    sizes: [30],
    searches: ["evolution-gaussian", "enas-evolution", "es-random"],
    mutationSizes: [0.1, 0.3],
    seeds: 1,
    steps: 60,
  };
  const { summary } = await runStudy(enasHybrid, { config });
  const [row] = summary.tables![0]!.rows;
  const [gaussian, enas, blind] = row!.slice(2) as [number, number, number];
  expect(enas).toBeLessThan(gaussian);
  expect(enas).toBeLessThan(blind);
  expect(summary.figures!.map(({ id }) => id)).toEqual(["sphere-30"]);
});
