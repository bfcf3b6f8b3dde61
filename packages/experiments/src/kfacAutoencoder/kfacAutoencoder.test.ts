import { train } from "unspool";
import { expect, test } from "vitest";
import { kfacAutoencoder } from "./kfacAutoencoder.ts";

test("two steps of K-FAC beside Nesterov momentum: curves and table have what was trained", async () => {
  const config = {
    images: 40,
    hidden: [12, 4],
    compare: ["kfac", "nesterov"],
    batchSizes: [],
    fisher: false,
  };
  const { evaluation, figures, metrics } = await train(kfacAutoencoder, { config, seed: 1, steps: 2 });
  const { error, initialError } = evaluation!.metrics as { error: number; initialError: number };
  expect(error).toBeLessThan(initialError);
  const { rows } = evaluation!.table!;
  expect(rows.map(([name, steps]) => [name, steps])).toEqual([
    ["kfac", 2],
    ["nesterov", 16],
  ]);
  // The run and the study take the same first step, of the same loss.
  expect(figures.map(({ id }) => id)).toEqual(["progress-per-iteration", "progress-per-second"]);
  const [drawn] = figures[0]!.series;
  expect(drawn!.x).toEqual([1, 2, 3]);
  expect(drawn!.y[0]).toBeCloseTo(initialError, 5);
  expect(metrics.at(-1)!.loss).toBeLessThan(metrics[0]!.loss);
});
