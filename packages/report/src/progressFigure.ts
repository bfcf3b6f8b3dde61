/** The table and the figure of how far estimators and searches get with the same inner steps. */
import { type MeasuredProgress, type ProgressComparison, estimators } from "unspool";
import type { TitledTable } from "./diagnosisPage.ts";
import type { PennedFigure } from "./drawing.ts";
import { formatError } from "./format.ts";
import { estimatorPen } from "./palette.ts";

const estimatorNames: readonly string[] = estimators.map(({ name }) => name);

/** The best first. */
export function progressTable(progress: ProgressComparison): TitledTable {
  const { initialLoss, initialStandardError, seeds, trajectories, innerSteps, measured } = progress;
  const over =
    trajectories === 1 ? "all trajectories are the same" : `${trajectories} trajectories from new keys`;
  return {
    title:
      `Progress with ${innerSteps} inner steps each (mean loss per inner step at the end over ${seeds} ` +
      `${seeds === 1 ? "seed" : "seeds"}; ${over}; ± is the standard error over seeds; ` +
      `${formatError(initialLoss, initialStandardError)} at the start)`,
    columns: [
      "",
      "kind",
      "sigma",
      "pairs",
      "learning rate",
      "loss",
      "±",
      "losses by seed",
      "outer steps",
      "inner steps",
    ],
    rows: measured.map(rowOf),
    marked: [],
  };
}

function rowOf(one: MeasuredProgress): (string | number)[] {
  const { sigma = "", pairs = "", learningRate = "" } = one.setting;
  return [
    one.name,
    one.isSearch ? "search" : "estimator",
    sigma,
    pairs,
    learningRate,
    one.loss,
    one.losses.length < 2 ? "" : one.standardError,
    one.losses.map((loss) => String(Number(loss.toPrecision(4)))).join(", "),
    Math.round(one.outerSteps),
    Math.round(one.innerSteps),
  ];
}

/** Loss over inner steps, with a band of one standard error over seeds to each side. An estimator has the pen it has elsewhere. */
export function progressFigure({ measured, seeds }: ProgressComparison): PennedFigure {
  const others = measured.map(({ name }) => name).filter((name) => !estimatorNames.includes(name));
  const drawn = measured.flatMap(({ name, points }) => {
    const pen = estimatorPen(name, Math.max(0, others.indexOf(name)));
    const x = points.map(({ innerSteps }) => innerSteps);
    const edge = (side: number): number[] => points.map((one) => one.loss + side * one.standardError);
    const line = { name, x, y: points.map(({ loss }) => loss) };
    const band = { name, kind: "band" as const, x, y: edge(1), low: edge(-1) };
    return [...(seeds === 1 ? [] : [{ pen, series: band }]), { pen, series: line }];
  });
  return {
    id: "progress",
    title: "Loss over inner steps spent",
    caption:
      "Each theta judged over the same trajectories, on which none was trained; mean over seeds, bands of one standard error. " +
      "A search shows the point that it would recommend.",
    x: { label: "inner steps" },
    y: { label: "mean loss per inner step", scale: "symlog" },
    series: drawn.map(({ series }) => series),
    pens: drawn.map(({ pen }) => pen),
  };
}
