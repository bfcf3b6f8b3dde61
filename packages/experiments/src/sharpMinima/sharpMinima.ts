/**
 * Sharp and flat minima of a small network on MNIST: the largest eigenvalue of the Hessian against the batch size and
 * against the radius of SAM, and the loss on the line between minima of small and of large batches.
 */
import { type Cell, type CellResults, type Experiment, type Layer, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf, metricOf, repetitionSeed } from "../shared/records.ts";
import { batchFigure, lineFigure, radiusFigure } from "./sharpMinimaFigures.ts";
import { lineOf, sharpLine } from "./sharpLine.ts";
import { type Minimum, type SharpMinimaConfig, over, settingsOf } from "./sharpMinimum.ts";
import { type SharpMeasure, sharpMeasures, sharpTraining } from "./sharpTraining.ts";

const config = z.strictObject({
  steps: z.int().min(1).default(1000).describe("updates of every network"),
  learningRate: z.number().positive().default(0.1),
  images: z.int().min(100).max(50_000).default(2000).describe("training images"),
  hidden: z.array(z.int().min(1)).default([64, 64]).describe("sizes of the hidden layers"),
  batchSizes: z.array(z.int().min(1)).min(2).default([20, 100, 500]).describe("without SAM"),
  rhos: z
    .array(z.number().positive())
    .min(1)
    .default([0.05, 0.1, 0.2])
    .describe("radii of SAM, at the smallest batch"),
  seeds: z.int().min(1).default(1).describe("networks per setting"),
});

export const sharpMinima: Study = defineStudy<SharpMinimaConfig>({
  name: "sharp-minima",
  summary: "sharpness of minima on MNIST against batch size and the radius of SAM",
  paper: "Keskar et al. (ICLR 2017), Figures 3 and 4; Foret et al. (ICLR 2021), section 4.2; at CPU size",
  config,
  cells(settings, seed) {
    const { steps, learningRate, images, hidden } = settings;
    const networks = networksOf(settings).map(({ id, network, ...own }): Cell => ({
      id,
      experiment: sharpTraining as Experiment,
      config: { ...own, steps, learningRate, images, hidden },
      seed: repetitionSeed(seed, network),
    }));
    const ends = lineEnds(settings);
    const line: Cell = {
      id: "line",
      after: ends,
      seed,
      config: { images },
      async experiment(results) {
        const [small, large] = await Promise.all(
          ends.map((id) => results.get(id)!.theta() as Promise<Layer[]>),
        );
        return sharpLine(small!, large!) as Experiment;
      },
    };
    return [...networks, line];
  },
  summarise(results, settings) {
    const minima = minimaOf(results, settings);
    const line = lineOf(results.get("line")?.metrics ?? []);
    return {
      metrics: metricsOf(settings, minima),
      tables: [tableOf(settings, minima)],
      figures: [
        batchFigure(settings, minima),
        radiusFigure(settings, minima),
        ...(line.length > 0 ? [lineFigure(line, "loss"), lineFigure(line, "accuracy")] : []),
      ],
    };
  },
}) as Study;

interface Network {
  id: string;
  batchSize: number;
  rho: number;
  /** Networks of the same number have the same start, and the same batches where these have one size. */
  network: number;
}

function networksOf(settings: SharpMinimaConfig): Network[] {
  return Array.from({ length: settings.seeds }, (_, network) =>
    settingsOf(settings).map(({ batchSize, rho }) => ({
      id: networkId(batchSize, rho, network),
      batchSize,
      rho,
      network,
    })),
  ).flat();
}

const networkId = (batchSize: number, rho: number, network: number): string =>
  `batch-${batchSize}-rho-${rho}-network-${network}`;

function lineEnds({ batchSizes }: SharpMinimaConfig): string[] {
  return [Math.min(...batchSizes), Math.max(...batchSizes)].map((batchSize) => networkId(batchSize, 0, 0));
}

function minimaOf(results: CellResults, settings: SharpMinimaConfig): Minimum[] {
  return networksOf(settings).flatMap(({ id, batchSize, rho }) => {
    const records = doneOf(results, id)?.metrics;
    if (records === undefined) return [];
    const measure = (name: SharpMeasure): number =>
      metricOf(
        records.find((one) => name in one),
        name,
      );
    const measured = Object.fromEntries(sharpMeasures.map((name) => [name, measure(name)]));
    return [{ batchSize, rho, ...(measured as Record<SharpMeasure, number>) }];
  });
}

function metricsOf(
  { batchSizes, rhos }: SharpMinimaConfig,
  minima: readonly Minimum[],
): Record<string, number> {
  const [small, large] = [Math.min(...batchSizes), Math.max(...batchSizes)];
  const lambda = (batchSize: number, rho: number) => over(minima, { batchSize, rho });
  const metrics = {
    smallBatchLambda: lambda(small, 0),
    largeBatchLambda: lambda(large, 0),
    samLambda: lambda(small, Math.max(...rhos)),
    largeOverSmall: lambda(large, 0) / lambda(small, 0),
    samOverSgd: lambda(small, Math.max(...rhos)) / lambda(small, 0),
  };
  // Of networks that have not ended nothing is known.
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Number.isNaN(value)));
}

function tableOf(settings: SharpMinimaConfig, minima: readonly Minimum[]) {
  const { steps, seeds } = settings;
  const known = settingsOf(settings).filter((one) => !Number.isNaN(over(minima, one)));
  return {
    title: `Minima after ${steps} updates, mean of ${seeds} ${seeds === 1 ? "network" : "networks"}`,
    columns: [
      "batch",
      "rho",
      "largest eigenvalue",
      "trace",
      "Keskar's sharpness, %",
      "training loss",
      "test accuracy",
    ],
    rows: known.map((one) => [
      one.batchSize,
      one.rho,
      ...sharpMeasures.map((measure) => over(minima, one, measure)),
    ]),
  };
}
