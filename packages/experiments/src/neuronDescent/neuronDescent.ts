/**
 * What makes K-FAC work: networks on MNIST trained by first-order methods, exact natural gradients of subsampled data,
 * K-FAC in variants, and FOOF; and what the directions of K-FAC and FOOF have in common.
 */
import { type Cell, type CellResults, type Study, defineStudy, median } from "unspool";
import { z } from "zod";
import { comparisonOf } from "./directionDescent.ts";
import { runOf } from "./networkDescent.ts";
import {
  type Compared,
  type Curves,
  directionFigures,
  lossFigure,
  timeFigure,
} from "./neuronDescentFigures.ts";
import { type MethodName, methodNames, methods } from "./neuronMethods.ts";
import { neuronDirections, neuronTraining } from "./neuronTraining.ts";

const config = z.strictObject({
  steps: z.int().min(20).default(200).describe("updates of each network"),
  seeds: z.int().min(1).default(1).describe("networks per method"),
  images: z.int().min(200).max(50_000).default(2000).describe("training images, the first of MNIST"),
  hidden: z.array(z.int().min(1)).min(1).default([100, 100, 100]).describe("sizes of the hidden layers"),
  compared: z
    .int()
    .min(10)
    .default(60)
    .describe("updates of the trajectories on which directions are compared"),
});

type Config = z.infer<typeof config>;

const dampings = [1e-4, 1e-2, 1e-1];

export const neuronDescent: Study = defineStudy<Config>({
  name: "neuron-descent",
  summary: "natural gradients, K-FAC in parts, and FOOF on MNIST: why K-FAC works",
  paper: "Benzing (ICML 2022), Figures 1A, 2B, 3A, 3B and 4, at CPU size",
  config,
  cells: (settings, seed) => [...trainingCells(settings, seed), ...directionCells(settings, seed)],
  summarise(results, settings) {
    const curves = curvesOf(results, settings);
    const compared = comparedOf(results);
    return {
      metrics: Object.fromEntries(
        curves.map(({ method, runs }) => [`${method} final loss`, median(runs.map((run) => run.finalLoss))]),
      ),
      tables: curves.length === 0 ? [] : [lossTable(settings, curves)],
      figures: [...(curves.length === 0 ? [] : [lossFigure(curves)]), ...directionFigures(compared)],
      times: {
        tables: curves.length === 0 ? [] : [timeTable(curves)],
        figures: curves.length === 0 ? [] : [timeFigure(curves)],
      },
    };
  },
}) as Study;

const trainingId = (method: MethodName, i: number): string => `${method}-${i}`;

/** Seed i of every method has the same first weights and the same batches. */
function trainingCells({ steps, seeds, images, hidden }: Config, seed: number): Cell[] {
  const every = Math.max(1, Math.round(steps / 20));
  return methodNames.flatMap((method) =>
    Array.from({ length: seeds }, (_, i) => ({
      id: trainingId(method, i),
      experiment: neuronTraining,
      config: { method, steps, every, images, hidden },
      seed: seed + i,
    })),
  );
}

const directionsId = (mode: "heuristic" | "standard", damping: number): string =>
  `directions-${mode}-${damping}`;

function directionCells({ compared: steps, images, hidden }: Config, seed: number): Cell[] {
  // Steps short enough for the trajectory to last.
  const learningRateOf = (damping: number) => Math.min(0.03, 0.3 * Math.sqrt(damping));
  const along = (dampingMode: "heuristic" | "standard", damping: number, inversePeriod: number): Cell => ({
    id: directionsId(dampingMode, damping),
    experiment: neuronDirections,
    config: {
      learningRate: learningRateOf(damping),
      ...{ damping, dampingMode, inversePeriod, steps, images, hidden },
    },
    seed,
  });
  return [
    ...dampings.map((damping) => along("heuristic", damping, 1)),
    // Eigenvectors are slow: every tenth step.
    along("standard", dampings.at(-1)!, 10),
  ];
}

/** Of the methods that have ended. */
function curvesOf(results: CellResults, { seeds }: Config): (Curves & { method: MethodName })[] {
  return methodNames.flatMap((method) => {
    const cells = Array.from({ length: seeds }, (_, i) => results.get(trainingId(method, i))).filter(
      (cell) => cell !== undefined,
    );
    if (cells.length === 0) return [];
    const runs = cells.map(({ metrics }) => ({
      ...runOf(metrics),
      msPerUpdate: median(
        metrics.filter((record) => record["trainingLoss"] === undefined).map((record) => record.durationMs),
      ),
    }));
    return [{ method, name: methods[method].title, runs }];
  });
}

function comparedOf(results: CellResults): Compared[] {
  const at = (mode: "heuristic" | "standard", damping: number) => {
    const cell = results.get(directionsId(mode, damping));
    return cell === undefined ? undefined : comparisonOf(cell.metrics);
  };
  return dampings.flatMap((damping) => {
    const [heuristic, standard] = [at("heuristic", damping), at("standard", damping)];
    if (heuristic === undefined) return [];
    return [{ damping, heuristic, ...(standard !== undefined && { standard }) }];
  });
}

function lossTable({ steps }: Config, curves: readonly Curves[]) {
  return {
    title: `Training loss after ${steps} updates, over seeds`,
    columns: ["method", "median", "smallest", "largest"],
    rows: curves.map(({ name, runs }) => {
      const losses = runs.map((run) => run.finalLoss);
      return [name, median(losses), Math.min(...losses), Math.max(...losses)];
    }),
  };
}

function timeTable(curves: readonly Curves[]) {
  return {
    title: "Time of an update, median over the updates of a network that do not measure, and over seeds",
    columns: ["method", "ms per update"],
    rows: curves.map(({ name, runs }) => [name, median(runs.map((run) => run.msPerUpdate))]),
  };
}
