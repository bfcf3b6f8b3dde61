/** Pictures of states: what is drawn, and where. */
import { expect, test } from "vitest";
import type { FigureFrame } from "unspool/train";
import { drawFrames } from "./frames.ts";

const disc = (x: number, role: "body" | "goal" = "body"): FigureFrame["shapes"][number] => ({
  kind: "disc",
  centre: [x, 0],
  radius: 1,
  role,
});
const frame = (label: string, ...shapes: FigureFrame["shapes"]): FigureFrame => ({ label, shapes });
const circles = (svg: string): number[] =>
  [...svg.matchAll(/<circle cx="([-\d.]+)"/g)].map(([, x]) => Number(x));

test("each picture has its label, escaped, and what can be drawn", () => {
  const broken = { kind: "path", points: [[0, Number.NaN]] } as const;
  const { svg, notes } = drawFrames("a <b>", [frame("<1>", disc(0), broken), frame("2", disc(1))]);
  expect(svg).toContain('aria-label="a &lt;b&gt;"');
  expect(svg).toContain("&lt;1&gt;");
  expect(svg).not.toContain("NaN");
  expect(svg.match(/<text/g)).toHaveLength(2);
  expect(notes).toEqual([]);
});

test("what moves little stands in one window, what moves far is followed", () => {
  const near = circles(drawFrames("", [frame("", disc(0)), frame("", disc(2))]).svg);
  expect(near[1]).toBeGreaterThan(near[0]! + 20);
  const far = circles(drawFrames("", [frame("", disc(0)), frame("", disc(200))]).svg);
  expect(far[1]).toBeCloseTo(far[0]!, 6);
});

test("many pictures are thinned, which is said; none are no error", () => {
  const { svg, notes } = drawFrames(
    "",
    Array.from({ length: 100 }, (_, i) => frame(`t${i}`, disc(i / 100))),
  );
  expect(svg.match(/<text/g)).toHaveLength(24);
  expect(svg).toContain(">t0<");
  expect(svg).toContain(">t99<");
  expect(notes).toEqual(["24 of 100 pictures are shown."]);
  expect(drawFrames("", []).svg).toContain("<svg");
});
