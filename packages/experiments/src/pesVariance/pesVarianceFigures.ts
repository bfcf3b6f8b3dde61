/** Figures of `pes-variance`. */
import type { Figure, Series } from "unspool";
import {
  type Measured,
  type RoundingPoint,
  type Study,
  type TextStudy,
  squaresTruncation,
} from "./varianceStudy.ts";

/** A predicted curve and its measured points over the number of windows. */
function curve(
  name: string,
  which: "pes" | "nres" | "truncatedEs",
  study: TextStudy,
  horizon: number,
): Series[] {
  const windows = (points: readonly { truncation: number }[]) =>
    points.map(({ truncation }) => horizon / truncation);
  const dots: readonly Measured[] = study.measured[which];
  return [
    { name, x: windows(study.predicted), y: study.predicted.map((point) => point[which]) },
    ...(dots.length === 0
      ? []
      : [
          {
            name: `${name}, measured`,
            kind: "dots" as const,
            x: windows(dots),
            y: dots.map(({ value }) => value),
          },
        ]),
  ];
}

const axes = {
  x: { label: "windows per trajectory, T / K", scale: "log" },
  y: { label: "total variance of one pair / |gradient|²", scale: "log" },
} as const;

export function textsFigure({ texts }: Study, horizon: number, size: number): Figure {
  return {
    id: "variance",
    title: "Variance of PES against the number of windows",
    caption:
      "Lines: closed form; dots: measured. One repeated character: falls to about half the parameters. Random " +
      "characters: grows linearly. Text with structure: falls first, then grows. Redraws the variance figure of " +
      "the PES paper and Figure 1 of the ES-Single paper.",
    ...axes,
    series: [
      ...curve("random characters", "pes", texts.random, horizon),
      ...curve("Markov text", "pes", texts.markov, horizon),
      ...curve("one repeated character", "pes", texts.repeated, horizon),
    ],
    references: [
      { axis: "y", value: size + 1, label: "NRES, full ES: P + 1" },
      { axis: "y", value: size / 2, label: "P / 2" },
    ],
  };
}

export function estimatorsFigure(study: TextStudy, horizon: number): Figure {
  return {
    id: "estimators",
    title: "Three estimators on Markov text",
    caption:
      "Summed over one trajectory at fixed theta PES can have less variance than NRES for a few windows. Truncated " +
      "ES has least, and is the only one that is biased.",
    ...axes,
    series: [
      ...curve("PES", "pes", study, horizon),
      ...curve("NRES (ES-Single)", "nres", study, horizon),
      ...curve("truncated ES", "truncatedEs", study, horizon),
    ],
  };
}

export function windowsFigure(study: TextStudy, horizon: number): Figure {
  const truncation = squaresTruncation(horizon);
  const { pes, nres } = study.squares;
  const x = pes.map((_, w) => w + 1);
  return {
    id: "windows",
    title: `Mean square of the estimate of each window, K = ${truncation}`,
    caption: "Closed forms. What one online update sees: NRES is at most PES in every window.",
    x: { label: "window of the trajectory" },
    y: { label: "mean square of one pair's estimate", scale: "log" },
    series: [
      { name: "PES", x, y: pes },
      { name: "NRES", x, y: nres },
    ],
  };
}

export function sigmaFigure(points: readonly RoundingPoint[], horizon: number): Figure {
  const line = (dtype: "float32" | "float64"): Series => {
    const known = points.filter((point) => !Number.isNaN(point[dtype]));
    return { name: dtype, x: known.map(({ sigma }) => sigma), y: known.map((point) => point[dtype]) };
  };
  return {
    id: "sigma",
    title: "What the size of the perturbations costs",
    caption:
      `Distance of NRES estimates over T = ${horizon} from their limit for small sigma with the same noise: rounding ` +
      "of L+ - L- on the left, curvature of the loss on the right. At 1 nothing of the gradient is left. Perturbations " +
      "that are lost in the rounding of theta have no point.",
    x: { label: "sigma", scale: "log" },
    y: { label: "relative error of the estimates", scale: "log" },
    series: [line("float32"), line("float64")],
    references: [{ axis: "y", value: 1, label: "as large as the estimate" }],
  };
}
