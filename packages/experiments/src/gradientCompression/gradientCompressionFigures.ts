/** The figures of compressed and rare exchanges: loss against bytes, and against rounds. */
import type { Figure, Series } from "unspool";
import { mean } from "../shared/series.ts";

export interface TrainedRun {
  label: string;
  /** Mean over seeds and over the steps of a window of the loss on the batch of a step; `step` ends the window. */
  curve: readonly { step: number; loss: number }[];
  /** On all training images after the last step, one per seed. */
  finalLosses: readonly number[];
  /** Sent by one worker in a step, mean over steps and seeds. */
  bytesPerStep: number;
  /** Of all parameters. */
  wholeBytes: number;
}

/** Runs of compressors by what becomes of what a message leaves out. */
export interface Compared {
  /** Whole gradients, what all are compared with. */
  reference: TrainedRun | undefined;
  /** Biased compressors with error feedback, */
  feedback: readonly TrainedRun[];
  /** and without. */
  biased: readonly TrainedRun[];
  /** Those that need none: unbiased, or with a memory of their own. */
  others: readonly TrainedRun[];
}

/** Loss over the bytes that one worker has sent so far. */
export function bytesFigures({ reference, feedback, biased, others }: Compared): Figure[] {
  const figure = (id: string, title: string, caption: string, runs: readonly TrainedRun[]): Figure => ({
    id,
    title,
    caption,
    x: { label: "bytes sent by each worker", scale: "log" },
    y: { label: "training loss (mean of 20 batches)", scale: "log" },
    series: [...(reference === undefined ? [] : [reference]), ...runs].map((run) =>
      curve(run, (step) => step * run.bytesPerStep),
    ),
  });
  const figures = [
    figure(
      "bytes-with-feedback",
      "Loss against bytes sent, with error feedback",
      "What a message leaves out is added to the next: all end where whole gradients (noCompression) end, with a seventh to " +
        "a fiftieth of the bytes. The comparison of EF-signSGD (Karimireddy et al. 2019) and PowerSGD (Vogels et al. 2019).",
      feedback,
    ),
    figure(
      "bytes-without-feedback",
      "Loss against bytes sent, without error feedback",
      "The same messages, and what they leave out is lost: the curves bend away and stop at one and a half to four times the loss.",
      biased,
    ),
    figure(
      "bytes-others",
      "Loss against bytes sent, compressors that need no feedback",
      "Unbiased ones (qsgd, ternGrad, naturalCompression) need no memory and pay with noise. Deep gradient compression " +
        "has momentum and a memory of its own (Lin et al. 2018); majority vote moves every element by the same length.",
      others,
    ),
  ];
  return figures.filter(({ series }) => series.length > (reference === undefined ? 0 : 1));
}

/** What each step costs in bytes, and where training ends. */
export function tradeFigure(
  { reference, feedback, biased, others }: Compared,
  local: readonly TrainedRun[],
): Figure {
  const dots = (name: string, runs: readonly TrainedRun[]): Series => ({
    name,
    kind: "dots",
    x: runs.map(({ bytesPerStep }) => bytesPerStep),
    y: runs.map(({ finalLosses }) => mean(finalLosses)),
  });
  return {
    id: "trade",
    title: "Final loss against bytes per step",
    caption:
      "One dot per row of the table, mean over seeds. With error feedback the dots lie on the line of whole gradients, " +
      "however few bytes they stand for; local SGD buys the same by sending whole parameters rarely.",
    x: { label: "bytes sent by each worker per step", scale: "log" },
    y: { label: "loss on all training images at the end", scale: "log" },
    series: [
      dots("with error feedback", feedback),
      dots("without", biased),
      dots("no feedback needed", others),
      dots("local SGD", local),
    ].filter(({ x }) => x.length > 0),
    ...(reference && {
      references: [{ axis: "y" as const, value: mean(reference.finalLosses), label: "whole gradients" }],
    }),
  };
}

/** Loss over exchanges of parameters, H local steps each. */
export function roundsFigure(runs: readonly (TrainedRun & { steps: number })[]): Figure {
  return {
    id: "local-rounds",
    title: "Loss against rounds of communication, local SGD",
    caption:
      "H steps of each worker between averages. A round is worth more the more steps it ends; what is lost shows at the " +
      "end of the curves. As in Stich (ICLR 2019) and Lin et al. (ICLR 2020).",
    x: { label: "rounds of communication", scale: "log" },
    y: { label: "training loss at the mean of workers", scale: "log" },
    series: runs.map((run) => curve(run, (step) => step / run.steps)),
  };
}

function curve({ label, curve: points }: TrainedRun, at: (step: number) => number): Series {
  return {
    name: label.replace(", error feedback", ""),
    x: points.map(({ step }) => at(step)),
    y: points.map(({ loss }) => loss),
  };
}
