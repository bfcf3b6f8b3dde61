/** One figure of the report: title, drawing, legend, caption. */
import { type Drawing, type LegendEntry, type PennedFigure, draw } from "./drawing.ts";
import { formatTick } from "./axes.ts";
import type { HeatmapPlan } from "./heatmap.ts";
import { type Markup, html, markup } from "./html.ts";
import { type Pen, viridisGradient } from "./palette.ts";

/** More entries than this are told by the ends of their row. */
const mostEntries = 12;

/** The card of a figure. `run` names the run that it belongs to where there are several. */
export function figureCard(figure: PennedFigure, run?: { label: string; pen: Pen }): Markup {
  const drawing = drawOrExplain(figure, run?.pen);
  return html`<figure class="card">
    <h3>
      ${run === undefined ? null : html`<span class="tag" style="--run:${run.pen.colour}">${run.label}</span>`}${figure.title}
    </h3>
    ${
      "problem" in drawing
        ? html`<p class="error">This figure could not be drawn: ${drawing.problem}</p>`
        : (nothingOf(figure) ?? body(drawing))
    }
    ${figure.caption === "" ? null : html`<figcaption>${figure.caption}</figcaption>`}
  </figure>`;
}

/**
 * A figure that an experiment made badly must not cost the rest of the report. Among several runs, a lone series takes
 * the colour of its run; several need their own.
 */
function drawOrExplain(figure: PennedFigure, runPen: Pen | undefined): Drawing | { problem: string } {
  try {
    const isLone = new Set(figure.series.map(({ name }) => name)).size === 1;
    const pens = runPen !== undefined && isLone ? { pens: figure.series.map(() => runPen) } : {};
    return draw({ ...figure, ...pens });
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** In words why there is nothing to be drawn: axes without a point look like a result. */
function nothingOf({ series, heatmap, frames, references = [] }: PennedFigure): Markup | undefined {
  if (heatmap !== undefined || references.length > 0 || (frames !== undefined && frames.length > 0))
    return undefined;
  const points = series.reduce((sum, { x }) => sum + x.length, 0);
  if (points === 0)
    return html`<p class="note">No points yet: nothing has been run, or not far enough, for this figure.</p>`;
  const isDrawn = series.some(({ x, y }) =>
    x.some((value, i) => Number.isFinite(value) && Number.isFinite(y[i])),
  );
  if (isDrawn) return undefined;
  return html`<p class="note">
    None of its ${points === 1 ? "values is" : `${points} values is`} finite: there is nothing to draw.
  </p>`;
}

function body({ svg, legend, heatmap, notes }: Drawing): Markup {
  return html`${legendList(legend)}${heatmap === undefined ? null : colourScale(heatmap)} ${markup(svg)}
  ${notes.map((note) => html`<p class="note">${note}</p>`)}`;
}

function legendList(entries: readonly LegendEntry[]): Markup | null {
  if (entries.length === 0) return null;
  const isLong = entries.length > mostEntries;
  const shown = isLong ? [...entries.slice(0, 3), undefined, ...entries.slice(-3)] : entries;
  return html`<ul class="legend">
    ${shown.map((entry) =>
      entry === undefined
        ? html`<li>… ${entries.length - 6} more …</li>`
        : html`<li>${swatch(entry)}${entry.label}</li>`,
    )}
  </ul>`;
}

function swatch({ kind, pen }: LegendEntry): Markup {
  const shape = {
    line: html`<line
      x1="1"
      x2="23"
      y1="6"
      y2="6"
      stroke="${pen.colour}"
      stroke-width="2.5"
      stroke-dasharray="${pen.dash ?? ""}"
    />`,
    reference: html`<line
      x1="1"
      x2="23"
      y1="6"
      y2="6"
      stroke="${pen.colour}"
      stroke-width="1.5"
      stroke-dasharray="${pen.dash ?? ""}"
    />`,
    dots: dotSwatch(pen),
    band: html`<rect x="1" y="1" width="22" height="10" fill="${pen.colour}" fill-opacity="0.3" />`,
  }[kind];
  return html`<svg class="swatch" width="24" height="12" aria-hidden="true">${shape}</svg>`;
}

/** The symbol of a pen, as the drawing shows it. */
function dotSwatch({ colour, symbol = "circle" }: Pen): Markup {
  if (symbol === "circle") return html`<circle cx="12" cy="6" r="4" fill="${colour}" />`;
  const points = {
    square: "8.5,2.5 15.5,2.5 15.5,9.5 8.5,9.5",
    triangle: "12,1.5 16.5,9.5 7.5,9.5",
    diamond: "12,0.5 15.5,6 12,11.5 8.5,6",
  }[symbol];
  return html`<polygon points="${points}" fill="${colour}" />`;
}

function colourScale({ label, scale, stops }: HeatmapPlan): Markup {
  return html`<div class="colours">
    <span>${label}${scale === "log" ? " (logarithmic)" : ""}</span>
    <div class="bar" style="background:${viridisGradient}"></div>
    <div class="ends">
      ${stops.map((stop) => html`<span>${formatTick(Number(stop.toPrecision(3)))}</span>`)}
    </div>
  </div>`;
}
