/** Figures of `large-batch`. */
import type { Figure } from "unspool";
import type { Curve } from "../shared/records.ts";
import { batchesPerUpdate } from "./adaScaleTraining.ts";
import { base, epochs, tunedBatch } from "./batchTraining.ts";
import type { AdaScaleRuns, Phased, Scaled } from "./largeBatchResults.ts";
import { rules } from "./scalingRuns.ts";

/** Losses above it are drawn on it: they have diverged. */
const ceiling = 2.5;

export function scalingFigure(scaling: readonly Scaled[]): Figure {
  return {
    id: "loss-against-batch",
    title: `Training loss after ${epochs} epochs against the batch size`,
    caption:
      `The learning rate was tuned at ${tunedBatch} (${base}, momentum 0.9). Kept as it is, larger batches make too few steps; ` +
      "scaled linearly it holds up best until it breaks down at the largest batch; the square root is " +
      "in between, and safe. LARS holds out longest; LAMB, tuned, is no better than the square root on this small network. Losses above 2.5 are drawn at 2.5. After the figures of Goyal et al. (2017) and You et al. (2017, 2020), at CPU size.",
    x: { label: "batch size", scale: "log" },
    y: { label: "training loss", scale: "log" },
    series: rules.map(({ name }, i) => ({
      name,
      x: scaling.map(({ batchSize }) => batchSize),
      y: scaling.map(({ trained }) => Math.min(ceiling, trained[i]!.trainLoss || ceiling)),
    })),
  };
}

export function growthFigure(decay: Phased, grow: Phased): Figure {
  const line = (name: string, { epochs: done }: Phased) => ({
    name,
    x: done.map((_, i) => i + 1),
    y: done.map(({ loss }) => loss),
  });
  const updates = ({ epochs: done }: Phased) => done.at(-1)!.updates;
  return {
    id: "grow-or-decay",
    title: "A larger batch in place of a smaller learning rate",
    caption:
      "SGD without momentum at 0.3 with batches of 50; from epoch 4 on a quarter of the rate, or batches of 200. The two " +
      `curves are nearly one, with ${updates(decay)} and ${updates(grow)} updates. After Smith et al. (2018).`,
    x: { label: "epoch" },
    y: { label: "training loss", scale: "log" },
    series: [line("rate / 4 after epoch 3", decay), line("batch × 4 after epoch 3", grow)],
  };
}

export function controllersFigure(controlled: readonly Phased[]): Figure {
  return {
    id: "controllers",
    title: "Batches that controllers choose",
    caption:
      "SGD at learning rate 0.3; the controller is asked before every epoch. doubleEvery follows its plan (AdaBatch, 2017); cabs " +
      "couples the batch with variance over loss (Balles et al., 2017); followNoiseScale asks for the measured gradient noise scale, held to 800.",
    x: { label: "epoch" },
    y: { label: "batch size", scale: "log" },
    series: controlled.map(({ name, epochs: done }) => ({
      name,
      x: done.map((_, i) => i + 1),
      y: done.map(({ batchSize }) => batchSize),
    })),
  };
}

export function noiseScaleFigure(controlled: readonly Phased[]): Figure {
  return {
    id: "noise-scale",
    title: "Gradient noise scale against the training loss",
    caption:
      "tr Σ / |G|² from the gradients of all batches of 50, after each epoch of the three controlled runs. As the loss falls, the " +
      "mean gradient vanishes beside its noise, and larger batches pay. After McCandlish et al. (2018).",
    x: { label: "training loss", scale: "log" },
    y: { label: "noise scale, in examples", scale: "log" },
    series: controlled.map(({ name, epochs: done }) => {
      const drawn = done.filter(({ noiseScale }) => Number.isFinite(noiseScale));
      return {
        name,
        kind: "dots",
        x: drawn.map(({ loss }) => loss),
        y: drawn.map(({ noiseScale }) => noiseScale),
      };
    }),
  };
}

export function gainsFigure({ gains, updates, trainLoss }: AdaScaleRuns): Figure {
  return {
    id: "adascale-gain",
    title: `AdaScale's gain with ${batchesPerUpdate} batches per update`,
    caption:
      `Steps with one batch of ${tunedBatch} that an update is worth: few at first, where gradients agree, near ${batchesPerUpdate} where noise is all. ` +
      `${updates.toFixed(0)} updates do the work of 500 and end at a training loss of ${trainLoss.toFixed(3)}. After Johnson et al. (2020).`,
    x: { label: "update" },
    y: { label: "gain", domain: [0, batchesPerUpdate] },
    series: [{ name: "gain", x: gains.map((_, i) => i + 1), y: gains }],
  };
}

export function tunedFigure(batchSize: number, initial: Curve, tuned: Curve): Figure {
  return {
    id: "tuned",
    title: `Batches of ${batchSize}, before and after tuning`,
    caption:
      "Loss on fresh batches, mean over training runs from new seeds: with the learning rate of small batches, and with learning rate " +
      "and momentum tuned through whole training runs by the estimator of this run. Compare the tuned rate with what the rules say.",
    x: { label: "update" },
    y: { label: "cross-entropy", scale: "log" },
    series: [
      { name: "before tuning", ...initial },
      { name: "after tuning", ...tuned },
    ],
  };
}
