/** Figures of dataset distillation: the images, and what the run and re-training lose. */
import type { Figure, RunRecord, Tensor } from "unspool";
import { metricOf } from "../shared/records.ts";
import { thin } from "../shared/series.ts";
import type { DistillationTheta } from "./datasetDistillation.ts";

/** Images in a row of the figure: ten of them have about its shape, so that pixels are square. */
const perRow = 4;

export function distillationFigures(run: RunRecord<DistillationTheta>): Figure[] {
  return [
    imagesFigure("distilled-images", "The learned images", run.theta.outer.images),
    lossFigure(run),
    normFigure(run),
  ];
}

/** Images side by side, the first on top, with a line of nothing between them. */
function imagesFigure(id: string, title: string, images: Tensor): Figure {
  const [count, features] = images.shape as [number, number];
  const side = Math.round(Math.sqrt(features));
  const columns = Math.min(perRow, count);
  const rows = Math.ceil(count / columns);
  const [width, height] = [columns * (side + 1) - 1, rows * (side + 1) - 1];
  const values = Array<number>(width * height).fill(Number.NaN);
  for (let image = 0; image < count; image++) {
    const [row, column] = [Math.floor(image / columns), image % columns];
    for (let pixel = 0; pixel < side * side; pixel++) {
      const [i, j] = [row * (side + 1) + Math.floor(pixel / side), column * (side + 1) + (pixel % side)];
      // Rows of a heatmap go upwards.
      values[(height - 1 - i) * width + j] = Number(images.data[image * features + pixel]);
    }
  }
  const upTo = (length: number): number[] => Array.from({ length }, (_, i) => i);
  return {
    id,
    title,
    caption:
      "One image for each digit, from 0 at the upper left, in standardised pixels: all that a network is trained on. Those of cold " +
      "starts look like digits, those of warm starts like noise. (Vicol et al. 2022, section 5; Wang et al. 2018.)",
    x: { label: "pixel", domain: [-0.5, width - 0.5] },
    y: { label: "pixel", domain: [-0.5, height - 0.5] },
    series: [],
    heatmap: { x: upTo(width), y: upTo(height), values, label: "standardised pixel" },
  };
}

function lossFigure({ metrics }: RunRecord<DistillationTheta>): Figure {
  const drawn = thin(metrics, 300);
  const retrained = metrics.filter((record) => "retrainLoss" in record);
  return {
    id: "outer-loss",
    title: "Loss on data: of the run, and of networks trained anew on the images",
    caption:
      "The line is the cross-entropy on batches of MNIST of the weights that the run trains; dots are new networks trained " +
      "on the images of that moment. Where dots stay above, the weights hold what the images do not say (the re-train gap).",
    x: { label: "outer step" },
    y: { label: "cross-entropy", scale: "log" },
    series: [
      { name: "weights of the run", x: drawn.map(({ step }) => step), y: drawn.map(({ loss }) => loss) },
      {
        name: "trained anew",
        kind: "dots",
        x: retrained.map(({ step }) => step),
        y: retrained.map((record) => metricOf(record, "retrainLoss")),
      },
    ],
  };
}

function normFigure({ metrics }: RunRecord<DistillationTheta>): Figure {
  const drawn = thin(metrics, 300);
  const x = drawn.map(({ step }) => step);
  const line = (name: string, metric: string) => ({
    name,
    x,
    y: drawn.map((record) => metricOf(record, metric)),
  });
  return {
    id: "norms",
    title: "Norms of images and weights",
    caption: "Without bounds, learned inputs grow: a larger image is a larger inner gradient.",
    x: { label: "outer step" },
    y: { label: "Euclidean norm", scale: "log" },
    series: [line("images", "outerNorm"), line("weights", "weightsNorm")],
  };
}
