/** Figures of several runs drawn over each other: what a comparison wants to see. */
import type { Figure } from "unspool/train";
import type { PennedFigure } from "./drawing.ts";
import type { Pen } from "./palette.ts";

/** The figure of one run, with the run's name and colour. */
export interface RunFigure {
  figure: Figure;
  label: string;
  pen: Pen;
}

/**
 * One drawing of figures that have a single series each and the same axes, with the runs as series. Undefined where
 * that would lose something: heatmaps, several series, or axes that differ.
 */
export function overlay(runs: readonly RunFigure[]): PennedFigure | undefined {
  const [first] = runs;
  if (first === undefined || runs.length < 2) return undefined;
  const axes = ({ x, y, title }: Figure) => JSON.stringify([title, x.label, x.scale, y.label, y.scale]);
  const fits = runs.every(
    ({ figure }) =>
      figure.series.length === 1 && figure.heatmap === undefined && axes(figure) === axes(first.figure),
  );
  if (!fits) return undefined;
  const references = new Map(
    runs.flatMap(({ figure }) => figure.references ?? []).map((line) => [JSON.stringify(line), line]),
  );
  return {
    ...first.figure,
    series: runs.map(({ figure, label }) => ({ ...figure.series[0]!, name: label })),
    references: [...references.values()],
    pens: runs.map(({ pen }) => pen),
  };
}
