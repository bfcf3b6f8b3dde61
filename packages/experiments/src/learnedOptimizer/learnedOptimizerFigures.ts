/** Figures of meta-training: the meta-loss, and training runs by the learned optimizer and by Adam. */
import type { Figure, Series, StepRecord } from "unspool";
import type { Curve } from "../shared/records.ts";
import { mean, thin } from "../shared/series.ts";

interface Named {
  architecture: string;
  horizon: number;
  longHorizon: number;
}

/** `adamLoss`: mean loss over a run of the best Adam, where it is known. */
export function metaLossFigure(metrics: readonly StepRecord[], adamLoss?: number): Figure {
  const losses = metrics.map(({ loss }) => loss);
  const width = Math.max(1, Math.round(losses.length / 60));
  const smooth = losses.map((_, i) => mean(losses.slice(Math.max(0, i - width + 1), i + 1)));
  const records = thin(
    metrics.map(({ step, loss }, i) => ({ step, loss, smooth: smooth[i]! })),
    400,
  );
  const x = records.map(({ step }) => step);
  return {
    id: "meta-loss",
    title: "Meta-training",
    caption:
      "Mean training loss over the windows of an outer step, under perturbed parameters, and its running mean." +
      (adamLoss === undefined
        ? ""
        : " Below the dashed line the optimizer trains faster than Adam with its best learning rate."),
    x: { label: "outer step" },
    y: { label: "mean training loss" },
    series: [
      { name: "outer step", kind: "dots", x, y: records.map(({ loss }) => loss) },
      { name: `mean of ${width}`, x, y: records.map((record) => record.smooth) },
    ],
    ...(adamLoss !== undefined && {
      references: [{ axis: "y" as const, value: adamLoss, label: "best Adam" }],
    }),
  };
}

export function curvesFigure({ architecture, horizon }: Named, learned: Curve, adam: Curve): Figure {
  return {
    id: "training-curves",
    title: `Training a network for ${horizon} steps`,
    caption:
      "Loss before each step, mean over networks from new seeds that meta-training never saw. Adam has the learning " +
      "rate with the lowest mean.",
    x: { label: "training step" },
    y: { label: "training loss", scale: "log" },
    series: both(architecture, learned, adam),
  };
}

export function horizonFigure(
  { architecture, horizon, longHorizon }: Named,
  learned: Curve,
  adam: Curve,
): Figure {
  return {
    id: "beyond-the-horizon",
    title: `Training a network for ${longHorizon} steps`,
    caption:
      `Right of the dashed line no run of meta-training ever was. An optimizer that is not stable climbs there ` +
      "(Harrison et al. 2022, Figure 3). Means over windows of a hundredth of the run.",
    x: { label: "training step", scale: "log" },
    y: { label: "training loss", scale: "log" },
    series: both(architecture, learned, adam),
    references: [{ axis: "x", value: horizon, label: "meta-training horizon" }],
  };
}

const both = (architecture: string, learned: Curve, adam: Curve): Series[] => [
  { name: architecture, ...learned },
  { name: "best Adam", ...adam },
];
