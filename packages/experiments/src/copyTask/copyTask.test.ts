import { train } from "unspool";
import { expect, test } from "vitest";
import { copyTask } from "./copyTask.ts";

test("strings grow one by one, and stop at the longest", { tags: ["long"] }, async () => {
  // Any score is below 9: a level ends at every check.
  const config = { units: 2, pairs: 2, strings: 1, threshold: 9, start: 2, longest: 4, checkEvery: 2 };
  const { metrics, evaluation, figures } = await train(copyTask, { config, seed: 1, steps: 9 });
  expect(metrics.flatMap(({ level }) => (level === undefined ? [] : [level]))).toEqual([1, 2, 3, 3, 3]);
  expect(figures[0]!.series[0]!.y).toEqual([3, 4, 4, 4, 4]);
  expect(evaluation!.table!.rows.map(([length]) => length)).toEqual([2, 3, 4]);
  await expect(train(copyTask, { config: { start: 3, longest: 2 }, seed: 0 })).rejects.toThrow(/longest/);
});
