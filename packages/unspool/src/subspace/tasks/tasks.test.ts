/** Tasks: entries and moves that are known, and what must hold of all of them. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { principalDirections } from "../diagnostics/principalDirections.ts";
import { subspaceDistance } from "../diagnostics/subspaceMetrics.ts";
import { pixelMatrix } from "./pixelMatrix.ts";
import {
  type PuddleArena,
  type PuddlePoint,
  type PuddleAction,
  puddleArenas,
  puddleStep,
} from "./puddleStep.ts";
import { binsOf, puddleWorldSr } from "./puddleWorldSr.ts";
import { g20, syntheticPsi } from "./syntheticPsi.ts";

test("G20 begins as NumPy has it, and has the spectrum that it was made with", () => {
  const psi = g20();
  [9.98593354, 0.00165208, -0.03801819].forEach((x, i) => expect(psi.data[i]!).toBeCloseTo(x, 8));
  const { singularValues, leastLoss } = principalDirections(psi, 5);
  [10, 9, 8, 7, 1].forEach((x, i) => expect(singularValues[i]!).toBeCloseTo(x, 10));
  expect(leastLoss).toBeCloseTo(15, 10);
});

test.each([
  ["linear", [1000, 750.25, 500.5, 250.75, 1]],
  ["exp", [1000, 10 ** 2.25, 10 ** 1.5, 10 ** 0.75, 1]],
  [
    [5, 4, 3, 2, 1],
    [5, 4, 3, 2, 1],
  ],
] as const)("random factors with the spectrum %s", (spectrum, wanted) => {
  const psi = syntheticPsi(random.key(1), { rows: 7, columns: 5, spectrum });
  const { singularValues } = principalDirections(psi, 5);
  wanted.forEach((x, i) => expect(singularValues[i]! / x).toBeCloseTo(1, 8));
});

test("a spectrum that does not fit is refused", () => {
  expect(() => syntheticPsi(random.key(0), { spectrum: [1, 2] })).toThrow("10 numbers of at least 0");
  expect(() => syntheticPsi(random.key(0), { isHouseholder: true })).toThrow("spectrum must be");
});

describe("moves in PuddleWorld without noise (sutton)", () => {
  const moves: [string, PuddlePoint, PuddleAction, PuddlePoint, PuddlePoint][] = [
    ["into a puddle", [0.3, 0.63], "up", [0, 0], [0.3, 0.665]],
    ["where both overlap, slowed twice", [0.42, 0.7], "right", [0, 0], [0.4325, 0.7]],
    ["through", [0.34, 0.5], "right", [0.2, 0], [0.47, 0.5]],
    ["out of one", [0.54, 0.6], "right", [0, 0], [0.58, 0.6]],
    ["beside them", [0.8, 0.2], "down", [0, 0], [0.8, 0.15]],
    ["against the border", [0.98, 0.2], "right", [0, 0], [1, 0.2]],
  ];
  test.each(moves)("%s", (_, from, action, noise, wanted) => {
    const found = puddleStep(puddleArenas.sutton, from, action, { noise });
    expect(found[0]).toBeCloseTo(wanted[0], 12);
    expect(found[1]).toBeCloseTo(wanted[1], 12);
  });
  test("a wall ends a move at its side, and lets nobody out", () => {
    const toWall = puddleStep(puddleArenas.two_room, [0.38, 0.8], "right");
    expect(toWall[0]).toBeCloseTo(0.4, 12);
    expect(puddleStep(puddleArenas.two_room, [0.5, 0.8], "left")).toEqual([0.5, 0.8]);
    expect(puddleStep(puddleArenas.two_room, [0.38, 0.5], "right")[0]).toBeCloseTo(0.43, 12);
  });
  test("through the middle of two discs", () => {
    // From x = .19: .01 free, then .04 at half speed.
    expect(puddleStep(puddleArenas.hydrogen, [0.19, 0.5], "right")[0]).toBeCloseTo(0.22, 12);
  });
});

describe("successor representation", () => {
  const { values, visits, matrix } = puddleWorldSr({ bins: 4, trajectories: 20 });
  test("rows sum to the discounted length before they are centred, and to 0 after", () => {
    for (const sum of visits.sum(1).data) expect(sum).toBeCloseTo(9.948462247927, 10);
    for (const sum of values.sum(1).data) expect(sum).toBeCloseTo(0, 4);
  });
  test("entries are looked up by the bins of points", () => {
    const points = np.array([
      [0.1, 0.3],
      [0.99, 0.01],
      [1, 1],
    ]);
    expect([...binsOf(points, 4).data]).toEqual([4, 3, 15]);
    const found = matrix.entries(points, np.array(7, { dtype: "int32" }));
    [4, 3, 15].forEach((bin, i) => expect(found.data[i]).toBe(values.data[bin * 16 + 7]));
    expect([...binsOf(matrix.allRows!, 4).data]).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });
  test("the same seed gives the same numbers, and an unknown arena is refused", () => {
    const again = puddleWorldSr({ bins: 4, trajectories: 20 });
    expect(again.values.data).toEqual(values.data);
    expect(() => puddleWorldSr({ arena: "suton" as PuddleArena })).toThrow('Did you mean "sutton"?');
  });
});

test("pixels by images: entries are centred, and directions are those of the dense matrix", () => {
  const draws = random.uniform(random.key(2), [40, 6]);
  // Half of the pixels are dark.
  const images = np.where(draws.less(0.5), 0, draws) as Tensor;
  const { matrix, mean, columns, directions } = pixelMatrix(images);
  const dense = np.transpose(images.sub(images.mean(0))) as Tensor;
  const rows = np.arange(6);
  const column = matrix.entries(rows, np.array(11, { dtype: "int32" }));
  column.data.forEach((x, pixel) => expect(x).toBeCloseTo(dense.data[pixel * 40 + 11]!, 6));
  expect(columns(np.array([11], { dtype: "int32" })).data).toEqual(column.data);
  expect(mean.shape).toEqual([6]);
  const [found, wanted] = [directions(3), principalDirections(dense, 3)];
  expect(subspaceDistance(found.basis, wanted.basis)).toBeLessThan(1e-9);
  found.singularValues.forEach((x, i) => expect(x).toBeCloseTo(wanted.singularValues[i]!, 4));
  expect(() => pixelMatrix(np.ones([3]))).toThrow("needs images float32 [n, pixels]");
});
