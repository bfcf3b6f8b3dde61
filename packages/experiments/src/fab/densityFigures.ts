/** Figures of flows on densities: contours of the target over the flow's density, with its points; and training curves. */
import {
  type DensityTarget,
  type Figure,
  type Flow,
  type FlowParams,
  type StepRecord,
  type Tensor,
  compiled,
  np,
  random,
} from "unspool";
import { metricOf } from "../shared/records.ts";
import { grid, thin } from "../shared/series.ts";
import { type ContourLine, type GridValues, contourLines } from "./contourLines.ts";

/** What is drawn of a target: two of its coordinates, the others being 0, and how far. */
export interface DensityView {
  low: number;
  high: number;
  /** Coordinates along x and y. Default [0, 1]. */
  coordinates?: readonly [number, number];
  labels?: readonly [string, string];
  /** Contours are drawn so far below the highest log-density. */
  depths?: readonly number[];
  /** Points of one side of the picture. Default 81. */
  resolution?: number;
}

const shownPoints = 600;

export interface DrawnFlow {
  id: string;
  title: string;
  caption: string;
  flow: Flow;
  theta: FlowParams;
  target: DensityTarget;
  view: DensityView;
  seed?: number;
}

/** Contours of the target over the density of the flow, where the target has two coordinates, and points of the flow. */
export function densityFigure({
  id,
  title,
  caption,
  flow,
  theta,
  target,
  view,
  seed = 0,
}: DrawnFlow): Figure {
  const {
    low,
    high,
    coordinates = [0, 1],
    labels = ["x₁", "x₂"],
    depths = [1, 3, 5],
    resolution = 81,
  } = view;
  const line = grid(low, high, resolution);
  const points = np.array(line.flatMap((y) => line.map((x) => place(target.dim, coordinates, [x, y]))));
  const logP = numbers(compiled("figure target", target.logDensity)(points));
  const top = Math.max(...logP.filter(Number.isFinite));
  const values = logP.map((log) => Math.max(log - top, -1e3));
  const target2d: GridValues = { x: line, y: line, values };
  const contours = depths.flatMap((depth) => contourLines(target2d, -depth));
  const sampled = compiled("figure points", (own: FlowParams, key: Tensor) =>
    flow.sample(own, key, shownPoints),
  );
  const drawn = numbers(sampled(theta, random.key(seed)));
  const along = (k: number): number[] =>
    Array.from({ length: shownPoints }, (_, i) => drawn[i * target.dim + k]!);
  const [xs, ys] = [along(coordinates[0]), along(coordinates[1])];
  const inside = xs.map((x, i) => x >= low && x <= high && ys[i]! >= low && ys[i]! <= high);
  return {
    ...{ id, title, caption },
    x: { label: labels[0], domain: [low, high] },
    y: { label: labels[1], domain: [low, high] },
    ...(target.dim === 2 && { heatmap: heatmapOf(flow, theta, line, points) }),
    series: [
      ...contours.map((contour: ContourLine) => ({ name: "target", ...contour })),
      {
        name: "points of the flow",
        kind: "dots" as const,
        x: xs.filter((_, i) => inside[i]),
        y: ys.filter((_, i) => inside[i]),
      },
    ],
  };
}

function heatmapOf(
  flow: Flow,
  theta: FlowParams,
  line: number[],
  points: Tensor,
): NonNullable<Figure["heatmap"]> {
  const density = compiled("figure flow", (own: FlowParams, x: Tensor) => flow.logProb(own, x));
  const values = numbers(density(theta, points)).map((log) => Math.exp(log));
  return { x: line, y: line, values, label: "density of the flow" };
}

function place(dim: number, [a, b]: readonly [number, number], [x, y]: readonly [number, number]): number[] {
  const point = Array<number>(dim).fill(0);
  point[a] = x;
  point[b] = y;
  return point;
}

const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

/** Loss, effective share of the chains, and step sizes along a run. */
export function trainingFigures(metrics: readonly StepRecord[]): Figure[] {
  const records = thin(
    metrics.filter(({ loss }) => loss !== null),
    250,
  );
  const x = records.map(({ step }) => step);
  const curve = (name: string, of: string) => ({ name, x, y: records.map((record) => metricOf(record, of)) });
  const [first] = records;
  if (first === undefined) return [];
  const levels = Object.keys(first).filter((name) => name.startsWith("acceptance."));
  return [
    {
      id: "loss",
      title: "Loss over outer steps",
      caption:
        "Means over the updates of a step. Its value is no divergence: points and weights change with the flow.",
      x: { label: "outer step" },
      y: { label: "loss" },
      series: [curve("loss", "loss")],
    },
    ...(levels.length === 0
      ? []
      : [
          {
            id: "acceptance",
            title: "Acceptance at each level",
            caption: "Mean acceptance probability of the transitions, from the level nearest to the flow on.",
            x: { label: "outer step" },
            y: { label: "acceptance", domain: [0, 1] as [number, number] },
            series: levels.map((name) => curve(`level ${name.split(".")[1]}`, name)),
          },
        ]),
  ];
}
