/** What the cells of `large-batch` have come to, as its table and figures need it. */
import { type CellResults, type StepRecord } from "unspool";
import { allDone, doneOf, metricOf } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { type Trained, trainedOf } from "../shared/trainedGrid.ts";
import { controllerNames } from "./phasedTraining.ts";
import { rules, rulesOf, scaledOptimizers } from "./scalingRuns.ts";

export function scalingIds(batchSize: number, optimizer: string, seeds: number): string[] {
  return networkIds(`batch-${batchSize}-${optimizer}`, seeds);
}

export function adaScaleIds(seeds: number): string[] {
  return networkIds("ada-scale", seeds);
}

function networkIds(name: string, seeds: number): string[] {
  return Array.from({ length: seeds }, (_, network) => `${name}-network-${network}`);
}

/** The rules at one batch size, in their order. */
export interface Scaled {
  batchSize: number;
  trained: Trained[];
}

/** Of the batch sizes whose training runs are all done. */
export function scalingOf(results: CellResults, batchSizes: readonly number[], seeds: number): Scaled[] {
  return batchSizes.flatMap((batchSize) => {
    const trained: Trained[] = [];
    for (const optimizer of scaledOptimizers) {
      const networks = allDone(results, scalingIds(batchSize, optimizer, seeds));
      if (networks === undefined) return [];
      const own = rulesOf(optimizer);
      trainedOf(networks, own.length).forEach((one, i) => (trained[own[i]!] = one));
    }
    return [{ batchSize, trained: rules.map((_, i) => trained[i]!) }];
  });
}

/** Training in phases, by epoch. */
export interface Phased {
  name: string;
  accuracy: number;
  epochs: { batchSize: number; updates: number; loss: number; noiseScale: number }[];
}

export function phasedOf(results: CellResults, name: string): Phased | undefined {
  const records = doneOf(results, name)?.metrics;
  if (records === undefined) return undefined;
  return {
    name,
    accuracy: metricOf(records.at(-1), "accuracy"),
    epochs: records.map((record) => ({
      batchSize: metricOf(record, "batchSize"),
      updates: metricOf(record, "updates"),
      loss: record.loss,
      noiseScale: metricOf(record, "noiseScale"),
    })),
  };
}

export function controlledOf(results: CellResults): Phased[] {
  return controllerNames.flatMap((name) => phasedOf(results, name) ?? []);
}

export interface AdaScaleRuns {
  /** Means over seeds. */
  updates: number;
  trainLoss: number;
  testAccuracy: number;
  /** Gain of each update of the first seed. */
  gains: number[];
}

export function adaScaleOf(results: CellResults, seeds: number): AdaScaleRuns | undefined {
  const runs = allDone(results, adaScaleIds(seeds));
  if (runs === undefined) return undefined;
  const gainsOf = (records: readonly StepRecord[]): number[] =>
    records.filter((record) => "gain" in record).map((record) => metricOf(record, "gain"));
  const measured = runs.map(({ metrics }) => metrics.find((record) => "trainLoss" in record));
  return {
    updates: mean(runs.map(({ metrics }) => gainsOf(metrics).length)),
    trainLoss: mean(measured.map((record) => metricOf(record, "trainLoss"))),
    testAccuracy: 1 - mean(measured.map((record) => metricOf(record, "testError"))),
    gains: gainsOf(runs[0]!.metrics),
  };
}
