/** K-FAC on a deep autoencoder against first-order methods, by iterations and by time; and what its factors approximate. */
import { type Cell, type CellResults, type Experiment, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf } from "../shared/records.ts";
import type { AutoencoderTheta } from "./autoencoder.ts";
import {
  type AutoencoderMethod,
  type TrainingCurve,
  autoencoderFields,
  autoencoderMethods,
  autoencoderOptimizer,
  autoencoderTraining,
  trainingCurve,
  trainingSeconds,
} from "./autoencoderTraining.ts";
import { fisherFigures, fisherNetwork } from "./kfacFisherFigures.ts";

const config = z.strictObject({
  compare: z
    .array(z.enum(autoencoderMethods))
    .default(["kfac", "kfac-tridiagonal", "kfac-plain", "foof", "nesterov", "adam"])
    .describe("methods that train it; plain: without momentum; [] leaves their figures out"),
  steps: z.int().min(1).default(40).describe("of K-FAC"),
  ...autoencoderFields,
  firstOrderSteps: z
    .number()
    .min(1)
    .default(8)
    .describe("all but K-FAC do this many times as many steps, which take about as long"),
  batchSizes: z
    .array(z.int().min(1))
    .default([50, 200])
    .describe("batches drawn anew whose progress per iteration is compared; [] leaves the figure out"),
  fisher: z.boolean().default(true).describe("whether to draw the Fisher information of a small network"),
});

type Config = z.infer<typeof config>;

export const kfacAutoencoder: Study = defineStudy<Config>({
  name: "kfac-autoencoder",
  summary: "a deep autoencoder of MNIST trained by K-FAC and by first-order methods",
  paper: "Martens, Grosse (ICML 2015), Figures 2 to 6 and 9 to 11, at CPU size",
  config,
  cells(settings, seed) {
    const { compare, steps, firstOrderSteps, batchSizes: _batchSizes, fisher, ...shared } = settings;
    const cell = (id: string, own: object): Cell => ({
      id,
      experiment: autoencoderTraining as Experiment,
      config: { ...shared, ...own },
      seed,
    });
    return [
      ...[...new Set(compare)].map((optimizer) => {
        const count = isFirstOrder(optimizer) ? Math.round(steps * firstOrderSteps) : steps;
        return cell(optimizer, { optimizer, steps: count, measureEvery: Math.ceil(count / 40) });
      }),
      ...batchRuns(settings).map(({ id, ...own }) => cell(id, { ...own, steps })),
      ...(fisher ? [{ id: "fisher", experiment: fisherNetwork as Experiment, seed }] : []),
    ];
  },
  async summarise(results, settings) {
    const runs = runsOf(results, settings);
    const fisher = await doneOf(results, "fisher")?.theta();
    const errors = runs.map(({ method, curve }) => [`${camelCase(method)}Error`, curve.errors.at(-1)!]);
    return {
      metrics: {
        ...(runs.length > 0 && { initialError: runs[0]!.curve.errors[0]! }),
        ...(Object.fromEntries(errors) as Record<string, number>),
      },
      tables: [
        {
          title: `squared error per image, ${settings.images} images, all in every step`,
          columns: ["method", "steps", "error", "loss"],
          rows: runs.map(({ method, curve: { errors: all, losses } }) => [
            method,
            losses.length,
            all.at(-1)!,
            losses.at(-1)!,
          ]),
        },
      ],
      figures: [
        ...(runs.length > 0 ? [iterationsFigure(runs)] : []),
        ...batchFigures(results, settings),
        ...(fisher === undefined ? [] : fisherFigures(fisher as AutoencoderTheta)),
      ],
      ...(runs.length > 0 && { times: { tables: [timesTable(runs)], figures: [secondsFigure(runs)] } }),
    };
  },
}) as Study;

const isFirstOrder = (method: AutoencoderMethod): boolean => !method.startsWith("kfac");
const camelCase = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function batchRuns({ batchSizes }: Config) {
  return [...new Set(batchSizes)].flatMap((batchSize) =>
    (["kfac", "nesterov"] as const).map((optimizer) => ({
      id: `${optimizer}-batch-${batchSize}`,
      optimizer,
      batchSize,
    })),
  );
}

interface Run {
  method: AutoencoderMethod;
  curve: TrainingCurve;
  /** Until each update is done, from 0. */
  seconds: number[];
}

function runsOf(results: CellResults, settings: Config): Run[] {
  return settings.compare.flatMap((method): Run[] => {
    const records = doneOf(results, method)?.metrics;
    if (records === undefined) return [];
    const optimizer = autoencoderOptimizer({ ...settings, optimizer: method });
    return [{ method, curve: trainingCurve(records), seconds: trainingSeconds(optimizer, records) }];
  });
}

const errorAxis = { label: "squared error per image", scale: "log" } as const;

/** Figure 11. */
function iterationsFigure(runs: readonly Run[]): Figure {
  return {
    id: "progress-per-iteration",
    title: "Training error by iterations",
    caption:
      "Per iteration K-FAC is far ahead of FOOF, Nesterov momentum and Adam if it has momentum itself, and the tridiagonal inverse is ahead of the block-diagonal one; without momentum it loses most of its lead (Martens and Grosse 2015, Figure 11).",
    x: { label: "iterations, from 1 for none", scale: "log" },
    y: errorAxis,
    series: runs.map(({ method, curve: { measured, errors } }) => ({
      name: method,
      x: measured.map((step) => step + 1),
      y: errors,
    })),
  };
}

/** Figure 10. */
function secondsFigure(runs: readonly Run[]): Figure {
  const own = runs.filter(({ method }) => !isFirstOrder(method));
  const most = Math.max(...own.map(({ seconds }) => seconds.at(-1)!), 0);
  return {
    id: "progress-per-second",
    title: "Training error by time",
    caption:
      "The same against time in steps, without compiling: an iteration of K-FAC costs several of a first-order method, which takes part of its lead, and more of that of the tridiagonal inverse (Figure 10). Learning rates of the others were chosen by hand for 160 steps. Times are of this machine.",
    x: { label: "seconds", ...(most > 0 && { domain: [0, 1.1 * most] as [number, number] }) },
    y: errorAxis,
    series: runs.map(({ method, curve: { measured, errors }, seconds }) => ({
      name: method,
      x: measured.map((step) => seconds[step]!),
      y: errors,
    })),
  };
}

function timesTable(runs: readonly Run[]) {
  return {
    title: "Time of training, without compiling",
    columns: ["method", "steps", "ms per step", "seconds"],
    rows: runs.map(({ method, seconds }) => {
      const [steps, time] = [seconds.length - 1, seconds.at(-1)!];
      return [method, steps, (1000 * time) / steps, time];
    }),
  };
}

/** Figure 9. */
function batchFigures(results: CellResults, settings: Config): Figure[] {
  const series = batchRuns(settings).flatMap(({ id, optimizer, batchSize }) => {
    const records = doneOf(results, id)?.metrics;
    if (records === undefined) return [];
    const { measured, errors } = trainingCurve(records);
    const name = `${optimizer}, batches of ${batchSize}`;
    return [{ name, x: measured.map((step) => step + 1), y: errors }];
  });
  if (series.length === 0) return [];
  return [
    {
      id: "batch-sizes",
      title: "Progress per iteration by batch size",
      caption:
        "Error on all images while batches are drawn anew in every step. An iteration of K-FAC gains from larger batches; Nesterov momentum makes hardly more progress with them (Martens and Grosse 2015, Figure 9).",
      x: { label: "iterations, from 1 for none", scale: "log" },
      y: errorAxis,
      series,
    },
  ];
}
