/** Figures of `sharp-minima`: sharpness against batch size and radius, and the line between two minima. */
import type { Figure } from "unspool";
import type { LinePoint } from "./sharpLine.ts";
import { type Minimum, type SharpMinimaConfig, over } from "./sharpMinimum.ts";

export function batchFigure(settings: SharpMinimaConfig, minima: readonly Minimum[]): Figure {
  const plain = minima.filter(({ rho }) => rho === 0);
  const sizes = [...new Set(plain.map(({ batchSize }) => batchSize))].toSorted((a, b) => a - b);
  const mean = sizes.map((batchSize) => over(minima, { batchSize, rho: 0 }));
  return {
    id: "batch-size",
    title: "Sharpness against the batch size",
    caption:
      `Largest eigenvalue of the Hessian of the training loss after ${settings.steps} updates of SGD with learning rate ` +
      `${settings.learningRate}: larger batches end in sharper minima. Dots: networks.`,
    x: { label: "batch size", scale: "log" },
    y: { label: "largest eigenvalue", scale: "log" },
    series: [
      { name: "mean", x: sizes, y: mean },
      {
        name: "network",
        kind: "dots",
        x: plain.map(({ batchSize }) => batchSize),
        y: plain.map(({ lambda }) => lambda),
      },
    ],
  };
}

export function radiusFigure(settings: SharpMinimaConfig, minima: readonly Minimum[]): Figure {
  const small = Math.min(...settings.batchSizes);
  const some = minima.filter(({ batchSize }) => batchSize === small);
  const radii = [...new Set(some.map(({ rho }) => rho))].toSorted((a, b) => a - b);
  return {
    id: "radius",
    title: "Sharpness against the radius of SAM",
    caption: `Batches of ${small}; a radius of 0 is SGD. SAM's minima are flatter, the more so the larger its radius.`,
    x: { label: "radius rho" },
    y: { label: "largest eigenvalue" },
    series: [
      { name: "mean", x: radii, y: radii.map((rho) => over(minima, { batchSize: small, rho })) },
      { name: "network", kind: "dots", x: some.map(({ rho }) => rho), y: some.map(({ lambda }) => lambda) },
    ],
  };
}

export function lineFigure(line: readonly LinePoint[], what: "loss" | "accuracy"): Figure {
  const x = line.map(({ position }) => position);
  const isLoss = what === "loss";
  const y = (of: "training" | "test") => line.map((point) => point[`${of}${isLoss ? "Loss" : "Accuracy"}`]);
  return {
    id: `line-${what}`,
    title: `${isLoss ? "Loss" : "Accuracy"} between minima of small and large batches`,
    caption: isLoss
      ? "On the straight line from the small-batch minimum (0) to the large-batch minimum (1): the basin is wider around 0. Keskar et al. 2017, Figure 3."
      : "The same line: accuracy falls off faster beyond the large-batch minimum than beyond the small-batch one.",
    x: { label: "position on the line" },
    y: isLoss ? { label: "cross-entropy", scale: "log" } : { label: "accuracy" },
    series: [
      { name: "training", x, y: y("training") },
      { name: "test", x, y: y("test") },
    ],
    references: [
      { axis: "x", value: 0, label: "small batch" },
      { axis: "x", value: 1, label: "large batch" },
    ],
  };
}
