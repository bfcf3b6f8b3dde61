/** Cells of a heatmap: edges halfway between grid points, colours from viridis. */
import type { Heatmap } from "unspool/train";
import { extent } from "./axes.ts";
import { viridis } from "./palette.ts";

export interface HeatmapCell {
  x1: number;
  x2: number;
  y1: number;
  y2: number;
  colour: string;
}

export interface HeatmapPlan {
  cells: HeatmapCell[];
  label: string;
  scale: "linear" | "log";
  /** Values at the two ends and in the middle of the colour scale. */
  stops: [number, number, number];
}

/** More cells than this along one side are merged: finer ones could not be seen. */
const mostPerSide = 128;

/** Plans the cells. Values that cannot be coloured (not finite, or 0 and less on a log scale) leave holes. */
export function planHeatmap(heatmap: Heatmap): HeatmapPlan {
  const scale = heatmap.scale ?? "linear";
  const level = scale === "log" ? (value: number) => Math.log(value) : (value: number) => value;
  const columns = heatmap.x.length;
  const strideX = Math.ceil(columns / mostPerSide);
  const strideY = Math.ceil(heatmap.y.length / mostPerSide);
  const [least, greatest] = extent(heatmap.values.filter((value) => scale === "linear" || value > 0));
  const [from, to] = [level(least), level(greatest)];
  const edgesX = edges(heatmap.x);
  const edgesY = edges(heatmap.y);
  const cells: HeatmapCell[] = [];
  for (let row = 0; row < heatmap.y.length; row += strideY) {
    for (let column = 0; column < columns; column += strideX) {
      const value = mean(block(heatmap, row, column, strideY, strideX).map(level));
      if (!Number.isFinite(value)) continue;
      cells.push({
        x1: edgesX[column]!,
        x2: edgesX[Math.min(columns, column + strideX)]!,
        y1: edgesY[row]!,
        y2: edgesY[Math.min(heatmap.y.length, row + strideY)]!,
        colour: viridis(to > from ? (value - from) / (to - from) : 0.5),
      });
    }
  }
  const middle = scale === "log" ? Math.sqrt(least * greatest) : (least + greatest) / 2;
  return { cells, label: heatmap.label, scale, stops: [least, middle, greatest] };
}

/** The values that are drawn as one cell. */
function block(heatmap: Heatmap, row: number, column: number, rows: number, columns: number): number[] {
  const values: number[] = [];
  for (let i = row; i < Math.min(heatmap.y.length, row + rows); i++) {
    for (let j = column; j < Math.min(heatmap.x.length, column + columns); j++) {
      values.push(heatmap.values[i * heatmap.x.length + j] ?? Number.NaN);
    }
  }
  return values;
}

/** Edges of the cells around `centres`: one more than there are centres. */
function edges(centres: readonly number[]): number[] {
  const isGeometric =
    centres.length > 2 && centres[0]! > 0 && isEven(centres.map(Math.log)) && !isEven(centres);
  const points = isGeometric ? centres.map(Math.log) : centres;
  const last = points.length - 1;
  const half =
    last > 0 ? [(points[1]! - points[0]!) / 2, (points[last]! - points[last - 1]!) / 2] : [0.5, 0.5];
  const inner = points.slice(1).map((point, i) => (point + points[i]!) / 2);
  const all = [points[0]! - half[0]!, ...inner, points[last]! + half[1]!];
  return isGeometric ? all.map(Math.exp) : all;
}

function isEven(points: readonly number[]): boolean {
  const step = (points.at(-1)! - points[0]!) / (points.length - 1);
  return points.every((point, i) => Math.abs(point - points[0]! - i * step) <= Math.abs(step) * 1e-3);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
