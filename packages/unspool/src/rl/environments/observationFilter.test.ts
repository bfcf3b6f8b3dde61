import { expect, test } from "vitest";
import { np } from "../../array/index.ts";
import {
  applyFilter,
  arsFilter,
  emptyRunningFilter,
  filterOf,
  updateRunningFilter,
} from "./observationFilter.ts";
import { addMoments, momentsOf } from "./runningMoments.ts";

const first = [[1, 2], [3, 4], [5, 0]]; // prettier-ignore
const second = [[0, 1], [2, 7]]; // prettier-ignore

const close = (given: readonly number[], wanted: readonly number[]) =>
  wanted.forEach((x, i) => expect(given[i]).toBeCloseTo(x, 12));

test("the running filter merges batches as the code of Lei et al.", () => {
  const once = updateRunningFilter(emptyRunningFilter(2), momentsOf(first));
  close([...once.mean, ...once.std], [3, 2, 2, 2]);
  const twice = updateRunningFilter(once, momentsOf(second));
  expect(twice.count).toBe(5);
  // Oracle: the two updates in NumPy, float64.
  close([...twice.mean, ...twice.std], [2.2, 2.8, 2.039607805437, 3.249615361854]);
  const one = updateRunningFilter(emptyRunningFilter(2), momentsOf([[4, -2]]));
  close([...one.mean, ...one.std], [4, -2, 0, 0]);
});

test("ARS's filter has mean and deviation of all rows", () => {
  const rows = [...first, ...second];
  const merged = addMoments(momentsOf(first), momentsOf(second));
  expect(merged.count).toBe(5);
  const { mean, std } = arsFilter(merged);
  const plain = (column: number) => rows.reduce((sum, row) => sum + row[column]!, 0) / 5;
  const deviation = (column: number) =>
    Math.sqrt(rows.reduce((sum, row) => sum + (row[column]! - plain(column)) ** 2, 0) / 4);
  close([...mean, ...std], [plain(0), plain(1), deviation(0), deviation(1)]);
  // Of one row the code has |x|; of coordinates that never moved, infinity: they give 0.
  close(arsFilter(momentsOf([[3, -4]])).std, [3, 4]);
  expect(arsFilter(momentsOf([[1, 2], [1, 3]])).std[0]).toBe(Infinity); // prettier-ignore
  const still = filterOf(arsFilter(momentsOf([[1, 2], [1, 3]]))); // prettier-ignore
  expect(applyFilter(still, np.array([7, 2.5])).data[0]).toBe(0);
});

test("what a filter makes of an observation, clipped", () => {
  const filter = filterOf({ mean: [1, 2], std: [2, 0.01] }, { dtype: "float64" });
  close([...applyFilter(filter, np.array([2, 3], { dtype: "float64" }), 10).data], [0.5 / (1 + 5e-9), 10]);
});
