import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { autoencoderTraining } from "./autoencoderTraining.ts";
import { kfacAutoencoder } from "./kfacAutoencoder.ts";

const small = { images: 40, hidden: [12, 4] };

test(
  "two steps of K-FAC beside Nesterov momentum, stopped and gone on with: curves and tables have what was trained",
  { tags: ["long"] },
  async () => {
    const config = { ...small, compare: ["kfac", "nesterov"], batchSizes: [], fisher: false, steps: 2 };
    const { metrics, tables, figures, times } = await runStopped(kfacAutoencoder, config, {
      stopAfter: 7,
      seed: 1,
    });
    const { initialError, kfacError } = metrics!;
    expect(kfacError).toBeLessThan(initialError!);
    for (const { rows } of [tables![0]!, times!.tables![0]!])
      expect(rows.map(([name, steps]) => [name, steps])).toEqual([
        ["kfac", 2],
        ["nesterov", 16],
      ]);
    expect(figures!.map(({ id }) => id)).toEqual(["progress-per-iteration"]);
    const [drawn] = figures![0]!.series;
    expect(drawn!.x).toEqual([1, 2, 3]);
    expect(drawn!.y[0]).toBeCloseTo(initialError!, 5);
    const [timed] = times!.figures!;
    expect(timed!.id).toBe("progress-per-second");
    expect(timed!.series.map(({ x }) => x[0])).toEqual([0, 0]);
    for (const { x } of timed!.series) x.slice(1).forEach((at, i) => expect(at).toBeGreaterThan(x[i]!));
  },
);

test("the single training measures the error before, between and after its updates", async () => {
  const { evaluation, metrics } = await train(autoencoderTraining, {
    config: { ...small, steps: 2 },
    seed: 1,
  });
  const { error, initialError } = evaluation!.metrics as { error: number; initialError: number };
  expect(error).toBeLessThan(initialError);
  const updates = metrics.filter((record) => !("error" in record));
  expect(updates[1]!.loss).toBeLessThan(updates[0]!.loss);
  expect(metrics.map(({ update }) => update)).toEqual([0, 1, 1, 2, 2]);
  expect(metrics[0]!["error"]).toBeCloseTo(initialError, 5);
  expect(metrics.at(-1)!["error"]).toBeCloseTo(error, 5);
});
