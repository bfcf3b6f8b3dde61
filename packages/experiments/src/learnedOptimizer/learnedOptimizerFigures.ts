/** Figures of meta-training: the meta-loss, and training runs by the learned optimizer and by Adam. */
import type { Figure, RunRecord } from "unspool";
import type { Judged, Runs } from "./learnedOptimizerStudy.ts";
import { mean, thin } from "../shared/series.ts";

interface Named {
  architecture: string;
  horizon: number;
  longHorizon: number;
}

type Curves = Judged["curves"];

export function metaLossFigure(run: RunRecord<never> | RunRecord, { adam }: Curves): Figure {
  const losses = run.metrics.map(({ loss }) => loss);
  const width = Math.max(1, Math.round(losses.length / 60));
  const smooth = losses.map((_, i) => mean(losses.slice(Math.max(0, i - width + 1), i + 1)));
  const records = thin(
    run.metrics.map(({ step, loss }, i) => ({ step, loss, smooth: smooth[i]! })),
    400,
  );
  const x = records.map(({ step }) => step);
  return {
    id: "meta-loss",
    title: "Meta-training",
    caption:
      "Mean training loss over the windows of an outer step, under perturbed parameters, and its running mean. Below " +
      "the dashed line the optimizer trains faster than Adam with its best learning rate.",
    x: { label: "outer step" },
    y: { label: "mean training loss" },
    series: [
      { name: "outer step", kind: "dots", x, y: records.map(({ loss }) => loss) },
      { name: `mean of ${width}`, x, y: records.map((record) => record.smooth) },
    ],
    references: [{ axis: "y", value: adam.mean, label: "best Adam" }],
  };
}

export function curvesFigure({ architecture, horizon }: Named, { learned, adam }: Curves): Figure {
  return {
    id: "training-curves",
    title: `Training a network for ${horizon} steps`,
    caption:
      "Loss before each step, mean over networks from new seeds that meta-training never saw. Adam has the learning " +
      "rate with the lowest mean.",
    x: { label: "training step" },
    y: { label: "training loss", scale: "log" },
    series: [drawn(architecture, learned), drawn("best Adam", adam)],
  };
}

export function horizonFigure(
  { architecture, horizon, longHorizon }: Named,
  { longLearned, longAdam }: Curves,
): Figure {
  return {
    id: "beyond-the-horizon",
    title: `Training a network for ${longHorizon} steps`,
    caption:
      `Right of the dashed line no run of meta-training ever was. An optimizer that is not stable climbs there ` +
      "(Harrison et al. 2022, Figure 3). Running means over 10 steps.",
    x: { label: "training step", scale: "log" },
    y: { label: "training loss", scale: "log" },
    series: [drawn(architecture, longLearned, 10), drawn("best Adam", longAdam, 10)],
    references: [{ axis: "x", value: horizon, label: "meta-training horizon" }],
  };
}

function drawn(name: string, { curve }: Runs, width = 1) {
  const points = thin(
    curve.map((_, i) => ({ step: i + 1, loss: mean(curve.slice(Math.max(0, i - width + 1), i + 1)) })),
    500,
  );
  return { name, x: points.map(({ step }) => step), y: points.map(({ loss }) => loss) };
}
