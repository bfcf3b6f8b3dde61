/** The experiments at small sizes: they run, stop and go on, and draw target and flow. */
import { runStudy, train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { fabDihedral } from "./fabDihedral.ts";
import { fabDoubleWell } from "./fabDoubleWell.ts";
import { fabManyWell } from "./fabManyWell.ts";
import { fabMixture } from "./fabMixture.ts";

const small = { steps: 3, samples: 1000, layers: 1 };

test("the mixture by two losses, stopped and gone on with", async () => {
  const config = { ...small, ways: ["ml", "rkl"] };
  const { figures, tables } = await runStopped(fabMixture, config, { stopAfter: 4 });
  expect(figures!.map(({ id }) => id)).toEqual(["density-ml", "density-rkl"]);
  expect(tables![0]!.rows.map(([way]) => way)).toEqual(config.ways);
  // Three contours around each of nine modes, each a line of its own.
  expect(figures![0]!.series.filter(({ name }) => name === "target")).toHaveLength(27);
});

test.each([
  ["double well", fabDoubleWell],
  ["dihedral angles", fabDihedral],
] as const)("%s", async (_, experiment) => {
  const config = { ...small, batch: 16, hidden: [8], levels: 1 };
  const { evaluation, figures, metrics } = await train(experiment, { config });
  expect(figures.map(({ id }) => id)).toEqual(["density", "loss", "acceptance"]);
  expect(figures[0]!.heatmap!.values).toHaveLength(81 ** 2);
  expect(evaluation!.metrics).toHaveProperty("logZErrorStandardError");
  // Ten batches fill the buffer, without a loss.
  expect(metrics.map(({ loss }) => loss === null).lastIndexOf(true)).toBe(9);
});

test("Many Well counts its modes, and draws one coordinate of two wells", async () => {
  const { summary } = await runStudy(fabManyWell, { config: { ...small, steps: 1, dim: 4, ways: ["rkl"] } });
  expect(summary.tables![0]!.rows).toHaveLength(1);
  expect(summary.figures![0]).not.toHaveProperty("heatmap");
});

test("one well of Many Well is drawn by its own two coordinates", async () => {
  const { summary } = await runStudy(fabManyWell, { config: { ...small, steps: 1, dim: 2, ways: ["rkl"] } });
  expect(summary.tables![0]!.rows).toHaveLength(1);
  expect(summary.figures![0]).toHaveProperty("heatmap");
});
