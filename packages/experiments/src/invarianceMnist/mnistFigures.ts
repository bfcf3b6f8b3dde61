/** Figures of a run of `invariance-mnist`. */
import { type Augmentation, type Figure, type Key, type RunRecord, np, random } from "unspool";
import { metricOf } from "../shared/records.ts";
import { thin } from "../shared/series.ts";
import type { MnistTheta } from "./invarianceMnist.ts";
import { type MnistKind, type TransformedData, trueRanges } from "./transformedMnist.ts";

export interface MnistFigureParts {
  kind: MnistKind;
  data: TransformedData;
  augmentation: Augmentation;
  key: Key;
  /** Evidence by range of rotation; no values where nothing is transformed. */
  curve: { ranges: readonly number[]; values: readonly number[] };
}

export function mnistFigures(run: RunRecord<MnistTheta>, parts: MnistFigureParts): Figure[] {
  const measured = thin(
    run.metrics.filter((record) => "logDetPosterior" in record),
    200,
  );
  const isLearned = parts.augmentation.parameters.length > 0;
  return [
    ...(isLearned ? [rangesFigure(measured, parts)] : []),
    ...(measured.length > 0 ? [evidenceFigure(measured)] : []),
    ...(parts.curve.values.length > 0 ? [curveFigure(run.theta, parts)] : []),
    ...(isLearned ? [imagesFigure(run.theta, parts)] : []),
  ];
}

type Records = RunRecord["metrics"];

function rangesFigure(measured: Records, { kind, augmentation }: MnistFigureParts): Figure {
  const truth = trueRanges[kind];
  const wanted = [...new Set(truth.filter((range) => range > 0))];
  return {
    id: "ranges",
    title: "Learned ranges over epochs",
    caption:
      "Absolute values: the sign of a range does not matter. Translations as shares of half the width, rotation and shear in " +
      "radians, scales as logarithms of factors. The data's own are dashed; all others of the data are 0.",
    x: { label: "epoch" },
    y: { label: "range" },
    series: augmentation.parameters.map((name) => ({
      name,
      x: measured.map(({ step }) => step),
      y: measured.map((record) => Math.abs(metricOf(record, `eta.${name}`))),
    })),
    references: wanted.map((value) => ({
      axis: "y" as const,
      value,
      label: `of the data: ${augmentation.parameters.filter((_, i) => truth[i] === value).join(", ")}`,
    })),
  };
}

function evidenceFigure(measured: Records): Figure {
  const x = measured.map(({ step }) => step);
  return {
    id: "evidence",
    title: "Evidence over epochs",
    caption:
      "The logarithm of the evidence of the training data, which the ranges and the prior precision follow, and of the likelihood " +
      "alone.",
    x: { label: "epoch" },
    y: { label: "nats" },
    series: [
      { name: "evidence", x, y: measured.map(({ loss }) => -loss) },
      { name: "likelihood", x, y: measured.map((record) => metricOf(record, "logLikelihood")) },
    ],
  };
}

function curveFigure({ eta }: MnistTheta, { curve: { ranges, values } }: MnistFigureParts): Figure {
  const learned = Math.min(Math.abs(eta.data[2]!), Math.PI);
  return {
    id: "evidence-by-range",
    title: "Evidence of the trained weights by range of rotation",
    caption:
      "The weights and the other ranges are those at the end: what the ranges feel, not what a network trained at another range would " +
      "have.",
    x: { label: "range of rotation, degrees" },
    y: { label: "nats" },
    series: [{ name: "evidence", x: ranges.map((x) => (180 * x) / Math.PI), y: [...values] }],
    references: [{ axis: "x", value: (180 * learned) / Math.PI, label: "learned" }],
  };
}

const [rows, copies] = [4, 3];

/** A column of images, and copies of each under the learned transformations. */
function imagesFigure({ eta }: MnistTheta, { data, augmentation, key }: MnistFigureParts): Figure {
  const side = Math.sqrt(data.inputs.shape[1]!);
  const inputs = data.inputs.slice([0, rows]);
  const epsilon = augmentation.draw(random.foldIn(key, "drawn images"), rows);
  const moved = augmentation.transform(eta, epsilon, inputs).slice([], [0, copies]);
  const shown = Math.min(copies, augmentation.samples);
  const tiles = np.concatenate([inputs.reshape([rows, 1, side ** 2]), moved], 1).data;
  const [height, width] = [rows * side, (shown + 1) * side];
  // The first row of a heatmap is the lowest.
  const values = Array.from({ length: height * width }, (_, at) => {
    const [y, x] = [height - 1 - Math.floor(at / width), at % width];
    const tile = Math.floor(y / side) * (shown + 1) + Math.floor(x / side);
    return tiles[tile * side ** 2 + (y % side) * side + (x % side)]!;
  });
  return {
    id: "images",
    title: "Training images under the learned transformations",
    caption:
      "Left: images as they are in the data. Right of them, copies over which the network averages its outputs.",
    x: { label: "pixels" },
    y: { label: "pixels" },
    series: [],
    heatmap: {
      x: Array.from({ length: width }, (_, i) => i),
      y: Array.from({ length: height }, (_, i) => i),
      values,
      label: "grey",
    },
  };
}
