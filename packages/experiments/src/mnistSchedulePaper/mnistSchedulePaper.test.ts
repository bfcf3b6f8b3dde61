import { expect, test } from "vitest";
import { runStudy } from "unspool";
import { mnistSchedule } from "../mnistSchedule/mnistSchedule.ts";
import { mnistSchedulePaper } from "./mnistSchedulePaper.ts";

test("at its defaults it is of the papers' size: a cell for each estimator, window and seed", () => {
  const cells = mnistSchedulePaper.cells(
    mnistSchedulePaper.config.parse({ estimators: ["pes", "fullEs"] }),
    1,
  );
  expect(cells.map(({ id }) => id)).toEqual([
    ...["pes-10-0", "pes-10-1", "pes-10-2", "pes-100-0", "pes-100-1", "pes-100-2"],
    ...["fullEs-0", "fullEs-1", "fullEs-2"],
  ]);
  const configs = cells.map(({ config }) => mnistSchedule.config.parse(config));
  expect(configs[0]).toMatchObject({
    pool: 1,
    horizon: 5000,
    hidden: [100, 100],
    pairs: 500,
    truncation: 10,
  });
  expect(configs[3]).toMatchObject({ estimator: "pes", truncation: 100, steps: 5000, surface: 0 });
});

test("the table and the paths have the runs that have ended", { tags: ["long"] }, async () => {
  const config = {
    ...{ estimators: ["pes", "nres"], truncations: [2], seeds: 1, steps: 2, pairs: 2, horizon: 4 },
    ...{ batchSize: 4, hidden: [3], pool: 7, evaluationRuns: 1, learningRate: 0.01, decay: 0.5 },
  };
  const { summary } = await runStudy(mnistSchedulePaper, { config, only: ["pes-2-0"] });
  const { metrics, tables, figures } = summary;
  expect(tables![0]!.rows.map(([name, runs]) => [name, runs])).toEqual([["pes-2", 1]]);
  expect(metrics!["pes-2 tuned objective"]).toBe(tables![0]!.rows[0]![3]);
  expect(figures![0]!.series.map(({ name, x }) => [name, x.length])).toEqual([["pes-2", 2]]);
});
