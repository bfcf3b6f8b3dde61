import { expect, test } from "vitest";
import { runStudy } from "unspool";
import { metaGradientBandit } from "../metaGradientBandit/metaGradientBandit.ts";
import { metaGradientCurves } from "./metaGradientCurves.ts";

test("at its defaults it is the paper's: five estimators, ten seeds, 1e5 outer steps", () => {
  const cells = metaGradientCurves.cells(metaGradientCurves.config.parse({}), 3);
  expect(cells).toHaveLength(50);
  expect(new Set(cells.map(({ id }) => id)).size).toBe(50);
  const configs = cells.map(({ config }) => metaGradientBandit.config.parse(config)) as {
    steps: number;
    hessian: string;
    correction: number;
    estimator: string;
  }[];
  expect(configs.every(({ steps }) => steps === 100_000)).toBe(true);
  const kinds = configs.map((one) => [one.estimator, one.hessian, one.correction].join());
  expect([...new Set(kinds)]).toEqual([
    "centralDifferences,sampled,1",
    "metaGradient,sampled,1",
    "metaGradient,dice,1",
    "metaGradient,sampled,0",
    "metaGradient,dice,0",
  ]);
});

test("curves and the table have the runs that have ended", async () => {
  const config = {
    ...{ estimators: ["correction", "naive"], seeds: 1, steps: 6, lifetimes: 20, learningRate: 0.5 },
    ...{ arms: 3, updates: 4, batch: 2, points: 3 },
  };
  const { summary } = await runStudy(metaGradientCurves, { config, only: ["naive-0"] });
  const [row, ...others] = summary.tables![0]!.rows;
  expect(others).toEqual([]);
  expect(row!.slice(0, 2)).toEqual(["naive", 1]);
  expect(row![3]).toBe(summary.metrics!["naive final return"]);
  const [curve] = summary.figures![0]!.series;
  expect(curve!.x).toEqual([2, 4, 6]);
  expect(curve!.y.every(Number.isFinite)).toBe(true);
});
