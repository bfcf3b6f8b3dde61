/** What batch controllers share: the interface, the statistics that they look at, and rounding. */
import { OptionError, requireInteger } from "../../errors.ts";

/** What is known after some updates with one batch size. A controller takes from it what it needs. */
export interface BatchStatistics {
  /** Epochs since the start of training; may be a fraction. */
  epochs?: number;
  /** Training loss, above 0. */
  loss?: number;
  learningRate?: number;
  /** tr Σ: variance of the gradient of one example, summed over parameters. See `noiseScaleMeter`. */
  noiseTrace?: number;
  /** |G|²: squared length of the mean gradient. */
  squaredGradient?: number;
}

/** A rule for the size of the next batch. Pure: state is plain data, in and out. */
export interface BatchController<State> {
  readonly name: string;
  init(): State;
  /** The size of the batches from now on. Call it as often as the batch may change: every epoch, or every update. */
  next(state: State, statistics: BatchStatistics): { batchSize: number; state: State };
}

export interface BatchRange {
  /** Smallest batch. Default 16. */
  least?: number;
  /** Largest batch. Default 4096. */
  most?: number;
  /** Batches are multiples of it. Default 1. */
  multipleOf?: number;
}

export const batchRangeDefaults: Required<BatchRange> = { least: 16, most: 4096, multipleOf: 1 };

export function requireBatchRange(where: string, { least, most, multipleOf }: Required<BatchRange>): void {
  requireInteger(where, "least", least, 1);
  requireInteger(where, "most", most, 1);
  requireInteger(where, "multipleOf", multipleOf, 1);
  if (most < least) throw new OptionError(where, "most", most, `at least \`least\` (${least})`);
  if (least % multipleOf !== 0) throw new OptionError(where, "least", least, `a multiple of ${multipleOf}`);
}

/** The nearest allowed batch. */
export function rounded(size: number, { least, most, multipleOf }: Required<BatchRange>): number {
  const highest = Math.floor(most / multipleOf) * multipleOf;
  const nearest = Number.isFinite(size) ? Math.round(size / multipleOf) * multipleOf : highest;
  return Math.min(Math.max(nearest, least), highest);
}

/** A statistic that the rule cannot do without. */
export function needed(where: string, statistics: BatchStatistics, name: keyof BatchStatistics): number {
  const value = statistics[name];
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  throw new OptionError(where, `the statistic ${name}`, value, "a number");
}
