import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { sharpMinima } from "./sharpMinima.ts";

test(
  "a short study, stopped and gone on with: every setting is measured, the line passes through both minima",
  { tags: ["long"] },
  async () => {
    const config = { images: 200, steps: 30, hidden: [8], batchSizes: [10, 100], rhos: [0.1], seeds: 1 };
    const { metrics, tables, figures } = await runStopped(sharpMinima, config, { stopAfter: 45 });
    const [table] = tables!;
    expect(table!.rows.map(([batch, rho]) => [batch, rho])).toEqual([
      [10, 0],
      [10, 0.1],
      [100, 0],
    ]);
    expect(Object.keys(metrics!)).toHaveLength(5);
    Object.values(metrics!).forEach((value) => expect(Number.isFinite(value)).toBe(true));
    expect(figures!.map(({ id }) => id)).toEqual(["batch-size", "radius", "line-loss", "line-accuracy"]);
    const line = figures!.find(({ id }) => id === "line-loss")!;
    const lossAt = (position: number): number => {
      const { x, y } = line.series[0]!;
      return y[x.findIndex((at) => Math.abs(at - position) < 1e-9)]!;
    };
    // Training losses of the table, of the first and the last setting.
    expect(lossAt(0)).toBeCloseTo(Number(table!.rows[0]![5]), 4);
    expect(lossAt(1)).toBeCloseTo(Number(table!.rows[2]![5]), 4);
  },
);
