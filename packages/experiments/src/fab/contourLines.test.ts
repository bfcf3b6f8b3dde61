import { expect, test } from "vitest";
import { contourLines } from "./contourLines.ts";

const line = Array.from({ length: 41 }, (_, i) => -2 + i * 0.1);
const grid = (of: (x: number, y: number) => number) => ({
  x: line,
  y: line,
  values: line.flatMap((y) => line.map((x) => of(x, y))),
});

test("a cone has circles, closed and of the right radius", () => {
  const [circle, ...others] = contourLines(
    grid((x, y) => 2 - Math.hypot(x, y)),
    0.75,
  );
  expect(others).toEqual([]);
  expect([circle!.x[0], circle!.y[0]]).toEqual([circle!.x.at(-1), circle!.y.at(-1)]);
  for (const [i, x] of circle!.x.entries()) expect(Math.hypot(x, circle!.y[i]!)).toBeCloseTo(1.25, 2);
});

test("a saddle has two lines, a slope one that is open, a plain none", () => {
  expect(
    contourLines(
      grid((x, y) => x * y),
      0.5,
    ),
  ).toHaveLength(2);
  const [straight] = contourLines(
    grid((x) => x),
    0.05,
  );
  expect(straight!.y).toHaveLength(41);
  for (const x of straight!.x) expect(x).toBeCloseTo(0.05, 12);
  expect(
    contourLines(
      grid(() => 1),
      0,
    ),
  ).toEqual([]);
});
