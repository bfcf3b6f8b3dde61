/** Named bars under each other, as SVG: their names at the left, a few words after each. */
import type { Figure, FigureBar } from "unspool/train";
import { formatTick } from "./axes.ts";
import type { Drawing } from "./drawing.ts";
import { escapeHtml } from "./html.ts";
import { penOf } from "./palette.ts";

/** More bars than this are not drawn. */
const mostBars = 200;
const width = 480;
const rowHeight = 20;
const thickness = 11;
/** Columns of names and of bars, pixels; words after bars have the rest. */
const names = 176;
const lengths = 120;
/** Of a letter, on the average, in the sizes of names and of words. */
const letter = { names: 6.6, words: 5.6 };
/** A bar of the least length is seen. */
const leastLength = 2;

/** Bars of one group have the pen of its place among the groups. */
export function drawBars({ title, x }: Pick<Figure, "title" | "x">, given: readonly FigureBar[]): Drawing {
  const bars = given.slice(0, mostBars);
  const groups = [...new Set(bars.map(({ group }) => group))];
  const isLog = x.scale === "log";
  const sizeOf = (value: number): number => (isLog ? Math.log1p(Math.max(0, value)) : Math.max(0, value));
  const most = Math.max(...bars.map(({ value }) => (Number.isFinite(value) ? sizeOf(value) : 0)), 0);
  const rows = bars.map(({ label, value, group, note = "" }, i) => {
    const isDrawn = Number.isFinite(value) && most > 0;
    const length = isDrawn ? Math.max(leastLength, round((lengths * sizeOf(value)) / most)) : 0;
    const { colour } = penOf(groups.indexOf(group));
    const top = i * rowHeight;
    const said = `${formatTick(value)}${note === "" ? "" : ` ${note}`}`;
    return (
      `<g><title>${escapeHtml(`${label}: ${said}`)}</title>` +
      `<text x="${names - 8}" y="${top + 14}" text-anchor="end" fill="currentColor">${escapeHtml(cut(label, names - 8, letter.names))}</text>` +
      `<rect x="${names}" y="${top + (rowHeight - thickness) / 2}" width="${length}" height="${thickness}" fill="${colour}" />` +
      `<text x="${names + length + 6}" y="${top + 14}" fill="currentColor" font-size="11">${escapeHtml(cut(said, width - names - length - 6, letter.words))}</text></g>`
    );
  });
  const height = Math.max(1, bars.length) * rowHeight;
  const scale = isLog ? " (logarithmic)" : "";
  return {
    svg: `<svg role="img" aria-label="${escapeHtml(title)}" class="plot" viewBox="0 0 ${width} ${height}" font-size="13">${rows.join("")}</svg>`,
    legend: groups.map((label, i) => ({ label, kind: "band", pen: penOf(i) })),
    heatmap: undefined,
    notes: [
      `Length of a bar: ${x.label}${scale}.`,
      ...(bars.length < given.length ? [`${bars.length} of ${given.length} bars are shown.`] : []),
    ],
  };
}

/** The text as far as it fits, the whole of it is in the bar's title. */
function cut(text: string, pixels: number, each: number): string {
  const most = Math.max(1, Math.floor(pixels / each));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
