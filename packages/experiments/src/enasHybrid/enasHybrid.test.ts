import { runStudy } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { enasHybrid } from "./enasHybrid.ts";

test(
  "ES-ENAS is ahead of evolution and of random choices after a tenth of the evaluations",
  { tags: ["long"] },
  async () => {
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
  },
);

test("stopped in the middle it comes to the same", async () => {
  const config = {
    functions: ["sphere"],
    sizes: [4],
    searches: ["enas-evolution", "es-random"],
    seeds: 1,
    steps: 3,
  };
  const { metrics, figures } = await runStopped(enasHybrid, config, { stopAfter: 4 });
  expect(Object.keys(metrics!)).toEqual(["sphere 4 enas-evolution", "sphere 4 es-random"]);
  expect(figures![0]!.series.map(({ name }) => name)).toEqual(["enas-evolution", "es-random"]);
});
