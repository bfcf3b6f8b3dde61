import { expect, test } from "vitest";
import type { Figure } from "unspool/train";
import { overlay } from "./overlay.ts";
import { penOf } from "./palette.ts";

const optimum = { axis: "y", value: 0.5, label: "optimum" } as const;
const figure = (y: number[], extra: Partial<Figure> = {}): Figure => ({
  id: "theta",
  title: "theta",
  caption: "",
  x: { label: "step" },
  y: { label: "theta" },
  series: [{ name: "theta", x: [1, 2], y }],
  references: [optimum],
  ...extra,
});
const run = (i: number, drawn: Figure) => ({ figure: drawn, label: `run ${i}`, pen: penOf(i) });

test("figures with one series and equal axes become one, with the runs as series and each reference once", () => {
  const merged = overlay([run(0, figure([1, 2])), run(1, figure([3, 4]))])!;
  expect(merged.series.map(({ name, y }) => [name, y])).toEqual([
    ["run 0", [1, 2]],
    ["run 1", [3, 4]],
  ]);
  expect(merged.references).toEqual([optimum]);
  expect(merged.pens).toEqual([penOf(0), penOf(1)]);
});

test("a lone run, other axes, heatmaps and several series stay apart", () => {
  const plain = figure([1, 2]);
  const map = { x: [0], y: [0], values: [1], label: "loss" };
  const two = figure([1, 2], { series: [...plain.series, ...plain.series] });
  const apart = [
    figure([1, 2], { y: { label: "theta", scale: "log" } }),
    figure([1, 2], { heatmap: map }),
    two,
  ];
  expect(overlay([run(0, plain)])).toBeUndefined();
  for (const other of apart) expect(overlay([run(0, plain), run(1, other)])).toBeUndefined();
});
