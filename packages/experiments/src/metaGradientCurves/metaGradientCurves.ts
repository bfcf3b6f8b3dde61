/**
 * Learning curves of meta-gradients over as many outer steps as in the paper: which of them stay at the optimum, and which drift
 * away from it after having been near. A run takes hours; cells are one estimator and one seed each.
 */
import { type CellResult, type Experiment, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { metaGradientBandit } from "../metaGradientBandit/metaGradientBandit.ts";
import { doneOf, repetitionSeed } from "../shared/records.ts";
import { mean } from "../shared/series.ts";

/** What each estimator is to `meta-gradient-bandit`. */
const estimators = {
  differences: { estimator: "centralDifferences" },
  correction: {},
  "dice-and-correction": { hessian: "dice" },
  naive: { correction: 0 },
  dice: { hessian: "dice", correction: 0 },
} as const;

type Name = keyof typeof estimators;

const names = Object.keys(estimators) as [Name, ...Name[]];

const config = z.strictObject({
  estimators: z
    .array(z.enum(names))
    .min(1)
    .default([...names])
    .describe("central differences, or meta-gradients with and without their corrections"),
  seeds: z.int().min(1).default(10).describe("runs of each"),
  steps: z.int().min(1).default(100_000).describe("outer steps of each run"),
  lifetimes: z.int().min(2).default(1000).describe("lifetimes per outer step"),
  learningRate: z.number().positive().default(0.01).describe("of SGD on eta"),
  eta: z.tuple([z.number(), z.number()]).default([2, 2]).describe("initial eta"),
  arms: z.int().min(2).default(30).describe("arms, with means exp(uniform(-100, 1)) per lifetime"),
  updates: z.int().min(4).default(30).describe("updates of a lifetime"),
  batch: z.int().min(1).default(10).describe("pulls per update"),
  points: z.int().min(2).default(200).describe("means over outer steps in the curves"),
});

type Config = z.infer<typeof config>;

const idOf = (name: Name, run: number): string => `${name}-${run}`;

export const metaGradientCurves: Study = defineStudy<Config>({
  name: "meta-gradient-curves",
  summary: "which meta-gradients stay at the optimum over 1e5 outer steps: bandit learners, five estimators",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), learning curves",
  config,
  cells({ estimators: chosen, seeds, points: _drawn, ...settings }, seed) {
    return chosen.flatMap((name) =>
      Array.from({ length: seeds }, (_, run) => ({
        id: idOf(name, run),
        experiment: metaGradientBandit as Experiment,
        config: { ...settings, ...estimators[name], surface: 0, samples: 0 },
        seed: repetitionSeed(seed, run),
      })),
    );
  },
  summarise(results, { estimators: chosen, seeds, points }) {
    const runs = chosen.map((name) => ({
      name,
      done: Array.from({ length: seeds }, (_, run) => doneOf(results, idOf(name, run)) ?? []).flat(),
    }));
    const ended = runs.filter(({ done }) => done.length > 0);
    const rows = ended.map(({ name, done }) => {
      const finals = done.map(({ evaluation }) => evaluation!.metrics["returnAfter"]!);
      const peaks = done.map((run) => Math.max(...curveOf(run, points).y));
      return [name, done.length, mean(peaks), mean(finals), standardError(finals)];
    });
    return {
      metrics: Object.fromEntries(rows.map(([name, , , final]) => [`${name} final return`, final as number])),
      tables: [
        {
          title: "Mean reward per update",
          columns: ["estimator", "runs", "best mean on the way", "at the end", "standard error"],
          rows,
        },
      ],
      figures: ended.length === 0 ? [] : [curvesFigure(ended, points)],
    };
  },
}) as Study;

/** Returns of a run, means over as many stretches of its outer steps as `points`. */
function curveOf({ metrics }: CellResult, points: number): { x: number[]; y: number[] } {
  const count = Math.min(points, metrics.length);
  const at = (i: number): number => Math.round((i * metrics.length) / count);
  const stretches = Array.from({ length: count }, (_, i) => metrics.slice(at(i), at(i + 1)));
  return {
    x: stretches.map((records) => records.at(-1)!.step),
    y: stretches.map((records) => -mean(records.map(({ loss }) => loss))),
  };
}

/** Of a mean; NaN of a single number. */
function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function curvesFigure(runs: readonly { name: Name; done: readonly CellResult[] }[], points: number): Figure {
  return {
    id: "curves",
    title: "Mean reward per update over outer steps",
    caption:
      "Means over the runs that have ended. In the paper differences and the full correction stay at .2537; naive " +
      "meta-gradients and DiCE come near and drift away; DiCE with the correction falls now and then.",
    x: { label: "outer step" },
    y: { label: "mean reward per update" },
    series: runs.map(({ name, done }) => {
      const curves = done.map((run) => curveOf(run, points));
      const y = curves[0]!.y.map((_, i) => mean(curves.map((curve) => curve.y[i]!)));
      return { name, x: curves[0]!.x, y };
    }),
  };
}
