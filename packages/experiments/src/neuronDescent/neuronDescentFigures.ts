/** Figures of `neuron-descent`. */
import type { Figure } from "unspool";
import type { Comparison } from "./directionDescent.ts";
import type { Run } from "./networkDescent.ts";
import { mean } from "../shared/series.ts";

/** A method's runs, one by seed. */
export interface Curves {
  name: string;
  runs: readonly (Run & { msPerUpdate: number })[];
}

/** Directions on trajectories of K-FAC with several dampings. */
export interface Compared {
  damping: number;
  /** Heuristic damping. */
  heuristic: Comparison;
  /** Standard damping, on its own trajectory; for the largest damping. */
  standard?: Comparison;
}

/** Runs of one network may end early: their mean is over those that came so far. */
export function lossFigure(curves: readonly Curves[]): Figure {
  const seeds = Math.max(...curves.map(({ runs }) => runs.length));
  return {
    id: "updates",
    title: "Training loss by updates",
    caption:
      `Mean over ${seeds === 1 ? "one seed" : `${seeds} seeds`} of the loss on all training images. K-FAC, which approximates the natural gradient, ends far below ` +
      "the exact one of subsampled data, whole or by blocks, which is no better than first-order methods: K-FAC's success is not that of the " +
      "Fisher information. With its factors damped together (standard) K-FAC loses most of its lead; FOOF, which uses one of its two factors, keeps " +
      "most of it. Figures 1A, 2B, 3A and 4A of the paper, at CPU size.",
    x: { label: "updates" },
    y: { label: "training loss", scale: "log" },
    series: curves.map(({ name, runs }) => ({ name, ...meanCurve(runs) })),
  };
}

export function timeFigure(curves: readonly Curves[]): Figure {
  return {
    id: "time",
    title: "Training loss by time",
    caption:
      "The same runs against the time of their updates on this machine: their number by the median of one. FOOF needs no second backward pass and " +
      "one inverse in place of two. Figure 4B of the paper.",
    x: { label: "seconds of training" },
    y: { label: "training loss", scale: "log" },
    series: curves.map(({ name, runs }) => {
      const { x, y } = meanCurve(runs);
      const ms = mean(runs.map((run) => run.msPerUpdate));
      return { name, x: x.map((updates) => (updates * ms) / 1000), y };
    }),
  };
}

export function directionFigures(compared: readonly Compared[]): Figure[] {
  if (compared.length === 0) return [];
  const cosine: Figure = {
    id: "cosine",
    title: "How alike K-FAC and FOOF are",
    caption:
      "Mean cosine of K-FAC's direction and that of FOOF with K-FAC's damping of inputs, over a trajectory of K-FAC. Larger damping makes them more " +
      "alike, and heuristic damping more than standard. Figure 3B of the paper.",
    x: { label: "damping", scale: "log" },
    y: { label: "cosine", domain: [0, 1] },
    series: (["heuristic", "standard"] as const).flatMap((mode) => {
      const points = compared.filter((one) => one[mode] !== undefined);
      if (points.length === 0) return [];
      return [
        {
          name: `${mode} damping`,
          kind: mode === "heuristic" ? ("line" as const) : ("dots" as const),
          x: points.map(({ damping }) => damping),
          y: points.map((one) => mean(one[mode]!.cosines)),
        },
      ];
    }),
  };
  return [cosine, decreaseFigure(compared[Math.min(1, compared.length - 1)]!)];
}

function decreaseFigure({ damping, heuristic: { kfac, foof } }: Compared): Figure {
  const window = 10;
  const smooth = (values: readonly number[]): number[] =>
    Array.from({ length: Math.floor(values.length / window) }, (_, i) =>
      mean(values.slice(i * window, (i + 1) * window)),
    );
  const better = foof.filter((value, i) => value > kfac[i]!).length;
  const x = smooth(kfac).map((_, i) => (i + 0.5) * window);
  return {
    id: "decrease",
    title: "Decrease of the loss on a trajectory of K-FAC",
    caption:
      `Part of the mini-batch's loss that one step takes away, at the points of one trajectory of K-FAC with damping ${damping}; means over ${window} updates. FOOF's step has in each layer the length of K-FAC's. It is better at ${better} of ${foof.length} points. ` +
      "Figure 4C of the paper.",
    x: { label: "updates" },
    y: { label: "relative decrease" },
    series: [
      { name: "K-FAC", x, y: smooth(kfac) },
      { name: "FOOF with K-FAC's lengths", x, y: smooth(foof) },
    ],
  };
}

/** Element by element the mean of the losses of runs, as far as the shortest goes. */
function meanCurve(runs: readonly Run[]): { x: number[]; y: number[] } {
  const [shortest] = runs.map(({ updates }) => updates).toSorted((a, b) => a.length - b.length);
  return { x: shortest!, y: shortest!.map((_, i) => mean(runs.map(({ losses }) => losses[i]!))) };
}
