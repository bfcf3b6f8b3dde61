/** The figures that every run has: loss, gradient norm, theta and whatever else was measured, of one or several runs. */
import type { StepRecord } from "unspool/train";
import { automaticScale } from "./axes.ts";
import type { PennedFigure } from "./drawing.ts";
import { type Pen, penOf, rampPen } from "./palette.ts";
import type { RunView } from "./runView.ts";

/** A metric that did not change in any run, with its value in each that has it. */
export interface ConstantMetric {
  name: string;
  values: (number | undefined)[];
}

/** Metrics whose figure would be a level line: the same finite number in all steps of a run, of at least two. */
export function constantMetrics(runs: readonly RunView[]): ConstantMetric[] {
  return furtherMetrics(runs).flatMap((name) => {
    const measured = runs.map(({ metrics }) =>
      metrics.flatMap((record) => (record[name] === undefined ? [] : [record[name]])),
    );
    const isConstant = measured.every(
      (values) =>
        values.length !== 1 && values.every((value) => Number.isFinite(value) && value === values[0]),
    );
    const numberOf = (value: unknown) => (typeof value === "number" ? value : undefined);
    return isConstant ? [{ name, values: measured.map(([first]) => numberOf(first)) }] : [];
  });
}

const furtherMetrics = (runs: readonly RunView[]): string[] => [
  ...new Set(runs.flatMap((run) => run.metrics.flatMap(numericNames))),
];

/** Loss over outer steps and over inner steps spent, gradient norm, further metrics that are not constant. */
export function progressFigures(runs: readonly RunView[]): PennedFigure[] {
  const constant = new Set(constantMetrics(runs).map(({ name }) => name));
  const further = furtherMetrics(runs).filter((name) => !constant.has(name));
  const caption = [...new Set(runs.flatMap(({ about }) => about?.lossNote ?? []))].join(" ");
  return [
    { ...curve(runs, "loss", "Loss over outer steps", "step", (record) => record.loss), caption },
    { ...curve(runs, "loss", "Loss over inner steps spent", "innerSteps", (record) => record.loss), caption },
    curve(runs, "gradient norm", "Norm of the gradient estimate", "step", (record) => record.gradientNorm),
    ...further.map((name) =>
      curve(runs, told(metricLabels, name), told(metricTitles, name), "step", (record) => record[name]),
    ),
  ].filter(({ series }) => series.length > 0);
}

/** Theta over outer steps: one figure per leaf. Runs with larger thetas do not log them. */
export function thetaFigures(runs: readonly RunView[]): PennedFigure[] {
  const paths = new Set(runs.flatMap((run) => Object.keys(run.metrics.at(-1)?.theta ?? {})));
  return [...paths].map((path) => {
    const lines = runs.flatMap((run, i) => leafLines(run, i, path, runs.length > 1));
    const label = path === "theta" ? "theta" : `theta: ${path}`;
    return {
      id: `theta-${path}`,
      title: label,
      caption: "",
      x: { label: axisLabels.step },
      y: { label, scale: automaticScale(lines.flatMap(({ y }) => y)) },
      series: lines.map(({ name, x, y }) => ({ name, x, y })),
      pens: lines.map(({ pen }) => pen),
    };
  });
}

const axisLabels = { step: "outer step", innerSteps: "inner steps spent, over all particles" };

const metricLabels: Record<string, string> = {
  lossDifferenceStd: "standard deviation",
  nonFinite: "particles",
  durationMs: "milliseconds",
};

const metricTitles: Record<string, string> = {
  lossDifferenceStd: "Spread of the loss difference over pairs",
  nonFinite: "Particles left out because their loss was not finite",
  durationMs: "Time per outer step",
};

/** The words for a metric, or its name; a metric may be called like something that every object has. */
const told = (words: Record<string, string>, name: string): string =>
  Object.hasOwn(words, name) ? words[name]! : name;

/** Entries of a record that are drawn for their own sake or by name above. */
const known = new Set(["step", "loss", "innerSteps", "gradientNorm", "theta"]);

function numericNames(record: StepRecord): string[] {
  return Object.keys(record).filter((name) => !known.has(name) && typeof record[name] === "number");
}

function curve(
  runs: readonly RunView[],
  label: string,
  title: string,
  along: "step" | "innerSteps",
  pick: (record: StepRecord) => unknown,
): PennedFigure {
  const numberOf = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);
  const lines = runs
    .map((run, i) => {
      // What is measured now and then is no gap in between; null is a number that was not finite, and stays one.
      const measured = run.metrics.filter((record) => pick(record) !== undefined);
      return {
        name: runs.length > 1 ? run.label : label,
        x: measured.map((record) => record[along]),
        y: measured.map((record) => numberOf(pick(record))),
        pen: penOf(i),
      };
    })
    .filter(({ y }) => y.some(Number.isFinite));
  return {
    id: `${title.toLowerCase().replaceAll(" ", "-")}`,
    title,
    caption: "",
    x: { label: axisLabels[along] },
    y: { label, scale: automaticScale(lines.flatMap(({ y }) => y)) },
    series: lines.map(({ name, x, y }) => ({ name, x, y })),
    pens: lines.map(({ pen }) => pen),
  };
}

interface LeafLine {
  name: string;
  x: number[];
  y: number[];
  pen: Pen;
}

/** One line per element. Several runs are told apart by colour, elements of one run by a pen of their own. */
function leafLines(run: RunView, runIndex: number, path: string, isOneOfSeveral: boolean): LeafLine[] {
  const count = run.metrics.at(-1)?.theta?.[path]?.length ?? 0;
  return Array.from({ length: count }, (_, element) => {
    const own = count > 8 ? rampPen(element, count) : penOf(element);
    const ownName = count === 1 ? (path === "theta" ? "theta" : `theta: ${path}`) : `[${element}]`;
    return {
      name: isOneOfSeveral ? run.label : ownName,
      x: run.metrics.map(({ step }) => step),
      y: run.metrics.map(({ theta }) => theta?.[path]?.[element] ?? Number.NaN),
      pen: isOneOfSeveral ? penOf(runIndex) : own,
    };
  });
}
