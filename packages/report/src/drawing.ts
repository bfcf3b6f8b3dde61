/** Draws a figure with Observable Plot into a string of SVG. In Node a minimal DOM stands in for the browser's. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Figure, Series } from "unspool/train";
import { type AxisPlan, planAxis } from "./axes.ts";
import { drawBars } from "./bars.ts";
import { keepIndices } from "./downsample.ts";
import { drawFrames } from "./frames.ts";
import { type HeatmapPlan, planHeatmap } from "./heatmap.ts";
import { escapeHtml } from "./html.ts";
import { type Pen, penOf } from "./palette.ts";

/** A figure with a chosen pen for each series; without `pens`, series take pens by name in order. */
export interface PennedFigure extends Figure {
  pens?: readonly Pen[];
}

export interface Drawing {
  /** One `<svg>` element. */
  svg: string;
  legend: LegendEntry[];
  heatmap: HeatmapPlan | undefined;
  /** What the drawing leaves out, in words. */
  notes: string[];
}

export interface LegendEntry {
  label: string;
  kind: "line" | "dots" | "band" | "reference";
  pen: Pen;
}

interface Point {
  x: number | undefined;
  y: number | undefined;
  low: number | undefined;
}

const width = 480;
const height = 305;
const fontSize = 13;
const margin = { top: 34, right: 18, bottom: 46 };

/** Draws `figure`. */
export function draw(figure: PennedFigure): Drawing {
  if (figure.frames !== undefined) return drawFrames(figure.title, figure.frames);
  if (figure.bars !== undefined) return drawBars(figure, figure.bars);
  const heatmap = figure.heatmap === undefined ? undefined : planHeatmap(figure.heatmap);
  const x = planAxis(figure.x, valuesAlong("x", figure, heatmap), 6);
  const y = planAxis(figure.y, valuesAlong("y", figure, heatmap), 6, heatmap === undefined ? 0.04 : 0);
  const pens = seriesPens(figure);
  const notes: string[] = [];
  const marks = figure.series.flatMap((series, i) => {
    const mark = seriesMark(series, pens[i]!, x, y, notes);
    // On a coloured ground a line gets a rim in the page's colour, else it drowns.
    const rim = heatmap === undefined ? [] : [seriesMark(series, rimPen, x, y, [], 2)];
    return [...rim, mark];
  });
  const references = (figure.references ?? []).map((reference, i) => ({ reference, pen: referencePen(i) }));
  const labelWidth = Math.max(1, ...y.ticks.map((tick) => y.format(tick).length));
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const element = Plot.plot({
    document,
    className: "plot",
    width,
    height: heatmap === undefined ? height : 380,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: 18 + labelWidth * 8,
    style: { fontSize: `${fontSize}px`, fontFamily: "inherit", overflow: "visible" },
    x: scaleOptions(x),
    y: scaleOptions(y),
    marks: [
      heatmap === undefined
        ? [Plot.gridX(x.ticks, gridStyle), Plot.gridY(y.ticks, gridStyle)]
        : Plot.rect(heatmap.cells, {
            x1: "x1",
            x2: "x2",
            y1: "y1",
            y2: "y2",
            fill: "colour",
            clip: true,
            shapeRendering: "crispEdges",
          }),
      Plot.axisX(x.ticks, {
        text: (tick: number) => x.format(tick),
        label: figure.x.label,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 40,
      }),
      Plot.axisY(y.ticks, {
        text: (tick: number) => y.format(tick),
        label: figure.y.label,
        labelArrow: "none",
        labelOffset: 14 + labelWidth * 8,
      }),
      ...marks.toSorted((a, b) => a.layer - b.layer).map(({ mark }) => mark),
      references.map(({ reference: { axis, value }, pen }) =>
        axis === "x" ? Plot.ruleX([value], ruleStyle(pen)) : Plot.ruleY([value], ruleStyle(pen)),
      ),
    ],
  });
  return {
    svg: labelled(element.outerHTML, figure.title),
    legend: legendOf(figure, pens, references),
    heatmap,
    notes: [...new Set(notes)],
  };
}

/** The drawing with its title for screen readers, written here because linkedom does not escape attributes fully. */
function labelled(svg: string, title: string): string {
  return svg.replace("<svg ", () => `<svg role="img" aria-label="${escapeHtml(title)}" `);
}

const gridStyle = { stroke: "currentColor", strokeOpacity: 0.12 };
const ruleStyle = (pen: Pen): Plot.RuleXOptions => ({
  stroke: pen.colour,
  strokeWidth: 1.5,
  ...(pen.dash !== undefined && { strokeDasharray: pen.dash }),
});

function scaleOptions({ type, domain, constant }: AxisPlan): Plot.ScaleOptions {
  return { type, domain, axis: null, ...(constant !== undefined && { constant }) };
}

/** All numbers that an axis should have room for. */
function valuesAlong(axis: "x" | "y", figure: Figure, heatmap: HeatmapPlan | undefined): number[] {
  return [
    ...figure.series.flatMap((series) => (axis === "x" ? series.x : [...series.y, ...(series.low ?? [])])),
    ...(figure.references ?? []).filter((reference) => reference.axis === axis).map(({ value }) => value),
    ...(heatmap?.cells.flatMap((cell) => (axis === "x" ? [cell.x1, cell.x2] : [cell.y1, cell.y2])) ?? []),
  ];
}

/** Series of the same name (a line and its band) share a pen. */
function seriesPens(figure: PennedFigure): Pen[] {
  const names = [...new Set(figure.series.map(({ name }) => name))];
  return figure.series.map(({ name }, i) => figure.pens?.[i] ?? penOf(names.indexOf(name)));
}

const referencePen = (index: number): Pen => ({
  colour: "var(--reference)",
  dash: ["5 4", "1.5 3", "9 3 2 3"][index % 3],
});

const rimPen: Pen = { colour: "var(--card)", dash: undefined };

/** `widening` is added on both sides of the stroke. Layers order bands below lines below dots. */
function seriesMark(
  series: Series,
  pen: Pen,
  x: AxisPlan,
  y: AxisPlan,
  notes: string[],
  widening = 0,
): { mark: Plot.Markish; layer: number } {
  const points = thin(series, x, y, notes);
  const dash = pen.dash === undefined ? {} : { strokeDasharray: pen.dash };
  const kind = series.kind ?? "line";
  if (kind === "band") {
    const options = { x: "x", y1: "low", y2: "y", fill: pen.colour, fillOpacity: 0.22, clip: true } as const;
    return { mark: Plot.areaY(points, options), layer: 0 };
  }
  if (kind === "dots" || points.length === 1) {
    const r = (points.length > 300 ? 1.6 : points.length > 1 ? 3 : 4.5) + widening / 2;
    const { symbol = "circle" } = pen;
    const options = { x: "x", y: "y", r, symbol, fill: pen.colour, fillOpacity: 0.85 } as const;
    return { mark: Plot.dot(points, options), layer: 2 };
  }
  const strokeWidth = (points.length > 500 ? 1.25 : 1.9) + 2 * widening;
  const options = {
    x: "x",
    y: "y",
    stroke: pen.colour,
    strokeWidth,
    strokeLinecap: "round",
    clip: true,
    ...dash,
  } as const;
  return { mark: Plot.line(points, options), layer: 1 };
}

/** The points to draw. What an axis cannot show becomes a gap, and a note where it was a number. */
function thin(series: Series, x: AxisPlan, y: AxisPlan, notes: string[]): Point[] {
  const { low = [] } = series;
  const shown = (plan: AxisPlan, value: number | null | undefined): number | undefined =>
    typeof value !== "number" || !Number.isFinite(value) || (plan.type === "log" && value <= 0)
      ? undefined
      : value;
  const kept = keepIndices(series.x, series.low === undefined ? [series.y] : [series.y, series.low]);
  if (y.type === "log") {
    const hidden = series.y.filter((value) => value <= 0 && value !== null).length;
    if (hidden > 0)
      notes.push(
        `${series.name}: ${hidden} value${hidden > 1 ? "s" : ""} of 0 or less not shown on the logarithmic axis.`,
      );
  }
  // Where x is none either, a line is meant to end and another to begin.
  const broken = series.y.filter(
    (value, i) => !Number.isFinite(value) && Number.isFinite(series.x[i]),
  ).length;
  if (broken > 0)
    notes.push(
      `${series.name}: ${broken} value${broken > 1 ? "s" : ""} missing or not finite; gaps in the drawing.`,
    );
  // The lower edge of a band may reach 0 or below on a logarithmic axis: it ends at the frame.
  const edge = y.type === "log" && series.kind === "band" ? y.domain[0] : undefined;
  return kept.map((i) => ({
    x: shown(x, series.x[i]),
    y: shown(y, series.y[i]),
    low: shown(y, low[i]) ?? edge,
  }));
}

function legendOf(
  figure: PennedFigure,
  pens: readonly Pen[],
  references: readonly { reference: { label: string }; pen: Pen }[],
): LegendEntry[] {
  const entries = new Map<string, LegendEntry>();
  for (const [i, { name, kind = "line" }] of figure.series.entries()) {
    const known = entries.get(name);
    if (known === undefined || known.kind === "band") entries.set(name, { label: name, kind, pen: pens[i]! });
  }
  const series = [...entries.values()];
  const lines = references.map(({ reference, pen }) => ({
    label: reference.label,
    kind: "reference" as const,
    pen,
  }));
  // A single unnamed curve is told by its axis label.
  const isPlain = series.length === 1 && lines.length === 0 && series[0]!.label === figure.y.label;
  return isPlain ? [] : [...series, ...lines];
}
