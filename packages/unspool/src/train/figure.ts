/** Figures as data: an experiment says what to draw, a report (or a page) draws it. */
import type { Scene } from "../rl/index.ts";

export interface Axis {
  label: string;
  /** Default "linear". "symlog" shows both signs. */
  scale?: "linear" | "log" | "symlog";
  domain?: [number, number];
  /** What stands at 0, 1, 2, … in place of numbers. */
  names?: string[];
}

export interface Series {
  name: string;
  /** Default "line". "band" needs `low`. */
  kind?: "line" | "dots" | "band";
  x: number[];
  /** Upper edge for a band. */
  y: number[];
  /** Lower edge of a band. */
  low?: number[];
}

/** Values on a grid: `values[row * columns + column]`, rows along y. */
export interface Heatmap {
  x: number[];
  y: number[];
  values: number[];
  label: string;
  scale?: "linear" | "log";
}

/** A horizontal or vertical line that marks a known value. */
export interface Reference {
  axis: "x" | "y";
  value: number;
  label: string;
}

/** A bar with a name. */
export interface FigureBar {
  /** At its left. */
  label: string;
  /** Its length, along the figure's x. */
  value: number;
  /** Bars of one group have one colour, and stand in the legend by this name. */
  group: string;
  /** A few words after it. */
  note?: string;
}

/** One picture of a state, such as a step of an episode. */
export interface FigureFrame extends Scene {
  /** Above the picture, such as "t = 40". */
  label: string;
}

export interface Figure {
  /** Kebab-case, unique in the run. */
  id: string;
  title: string;
  /** What to see in it, and which figure of the paper it redraws. */
  caption: string;
  x: Axis;
  y: Axis;
  series: Series[];
  heatmap?: Heatmap;
  references?: Reference[];
  /** Pictures beside each other, all of one scale, in place of axes and series: labels of `x` and `y` name the units. */
  frames?: FigureFrame[];
  /** Bars with names under each other, in place of series. */
  bars?: FigureBar[];
}
