/** What is known of a trained network, and means over networks of one setting. */
import { mean } from "../shared/series.ts";
import type { SharpMeasure } from "./sharpTraining.ts";

/** Of the study. */
export interface SharpMinimaConfig {
  /** Updates of every network. */
  steps: number;
  learningRate: number;
  /** Training images. */
  images: number;
  /** Sizes of the hidden layers. */
  hidden: number[];
  /** Without SAM. */
  batchSizes: number[];
  /** Radii of SAM, at the smallest batch. */
  rhos: number[];
  /** Networks per setting. */
  seeds: number;
}

export interface Setting {
  batchSize: number;
  /** Radius of SAM; 0: without it. */
  rho: number;
}

export interface Minimum extends Setting, Record<SharpMeasure, number> {}

/** All batch sizes without SAM, and all radii at the smallest batch. */
export function settingsOf({ batchSizes, rhos }: SharpMinimaConfig): Setting[] {
  const small = Math.min(...batchSizes);
  return [...new Set(batchSizes)].flatMap((batchSize) => {
    const radii = batchSize === small ? [...new Set([0, ...rhos])] : [0];
    return radii.map((rho) => ({ batchSize, rho }));
  });
}

/** Mean of a measure over the networks of a setting; NaN if there are none. */
export function over(
  minima: readonly Minimum[],
  { batchSize, rho }: Setting,
  measure: SharpMeasure = "lambda",
): number {
  return mean(
    minima.filter((m) => m.batchSize === batchSize && m.rho === rho).map((minimum) => minimum[measure]),
  );
}
