/** Figures of `principal-subspace`: distances along runs, and components as images. */
import type { Figure, Tensor } from "unspool";
import { mean } from "../shared/series.ts";

type Metrics = readonly { step: number; [metric: string]: unknown }[];

/** A method and its runs, one by seed. */
export interface NamedRuns {
  name: string;
  runs: readonly Metrics[];
}

/** Steps, or updates of a run whose measurements are steps of their own, and distances where they were measured. */
export function distancesOf(metrics: Metrics): { x: number[]; y: number[] } {
  const points = metrics.flatMap((record) => {
    const { step, update = step, subspaceDistance } = record;
    return typeof subspaceDistance === "number" ? [[Number(update), subspaceDistance] as const] : [];
  });
  return { x: points.map(([step]) => step), y: points.map(([, distance]) => distance) };
}

/** Means over runs, as far as the shortest goes: all measure at the same steps. */
function meanDistances(runs: readonly Metrics[]): { x: number[]; y: number[] } {
  const curves = runs.map(distancesOf);
  const [shortest] = curves.toSorted((a, b) => a.x.length - b.x.length);
  return { x: shortest!.x, y: shortest!.x.map((_, i) => mean(curves.map(({ y }) => y[i]!))) };
}

export function distanceFigure(
  id: string,
  title: string,
  methods: readonly NamedRuns[],
  caption?: string,
): Figure {
  return {
    ...{ id, title },
    caption:
      caption ??
      "1 minus the mean squared cosine of the principal angles between the span of the features and the top left singular vectors: 0 is found, 1 orthogonal.",
    x: { label: "outer steps" },
    y: { label: "subspace distance", domain: [0, 1] },
    series: methods.map(({ name, runs }) => ({ name, ...meanDistances(runs) })),
  };
}

/** Images side by side, `across` in a row, the first at the top left; a line of 0 between them. */
function tiled(
  images: readonly (readonly number[])[],
  across: number,
): { values: number[]; size: [number, number] } {
  const side = Math.sqrt(images[0]!.length);
  const down = Math.ceil(images.length / across);
  const size: [number, number] = [across * (side + 1) - 1, down * (side + 1) - 1];
  const values = Array<number>(size[0] * size[1]).fill(0);
  images.forEach((image, k) => {
    const [column, line] = [(k % across) * (side + 1), Math.floor(k / across) * (side + 1)];
    image.forEach((value, i) => {
      values[(line + Math.floor(i / side)) * size[0] + column + (i % side)] = value;
    });
  });
  return { values, size };
}

/** Columns of a matrix [pixels, k]. */
const columnsOf = ({ shape, data }: Tensor, most: number): number[][] =>
  Array.from({ length: Math.min(most, shape[1]!) }, (_, k) =>
    Array.from({ length: shape[0]! }, (__, i) => data[i * shape[1]! + k]!),
  );

function imageFigure(
  id: string,
  title: string,
  caption: string,
  images: readonly (readonly number[])[],
  across: number,
  part: "pixel" | "bin",
): Figure {
  // Heatmaps have their first row at the bottom.
  const { values, size } = tiled(images, across);
  const [width, height] = size;
  const flipped = Array.from({ length: height }, (_, row) =>
    values.slice((height - 1 - row) * width, (height - row) * width),
  ).flat();
  const along = (length: number): number[] => Array.from({ length }, (_, i) => i);
  return {
    ...{ id, title, caption },
    x: { label: `${part}s` },
    y: { label: `${part}s` },
    series: [],
    heatmap: { x: along(width), y: along(height), values: flipped, label: `weight of the ${part}` },
  };
}

/** Of MNIST: the components, and what of each is in the span of the learned features. */
export function componentImages(target: Tensor, learned: Tensor): Figure[] {
  return [
    imageFigure(
      "components",
      "Principal components of MNIST",
      "The top eigenvectors of the covariance of pixels, computed from all images; the first at the top left.",
      columnsOf(target, 16),
      4,
      "pixel",
    ),
    imageFigure(
      "learned-components",
      "The same in the span of the learned features",
      "Each component projected on the learned span: strong where it has been found, faint where it has not. Features themselves may be any mixture of components; their span is what is learned.",
      columnsOf(learned, 16),
      4,
      "pixel",
    ),
  ];
}

/** Of PuddleWorld: maps of the square, y upwards. */
export function featureImages(target: Tensor, learned: Tensor): Figure[] {
  const upwards = (image: readonly number[]): number[] => {
    const side = Math.sqrt(image.length);
    return Array.from({ length: side }, (_, row) =>
      image.slice((side - 1 - row) * side, (side - row) * side),
    ).flat();
  };
  return [
    imageFigure(
      "directions",
      "Top left singular vectors of the successor representation",
      "Maps of the square, y upwards, the first at the top left: where walks from two places come to the same.",
      columnsOf(target, 5).map(upwards),
      3,
      "bin",
    ),
    imageFigure(
      "learned-features",
      "The same in the span of the network's features",
      "Each singular vector projected on the span of the features of the bins' centres.",
      columnsOf(learned, 5).map(upwards),
      3,
      "bin",
    ),
  ];
}
