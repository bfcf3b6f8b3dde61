/** Reading the records and results of cells. */
import { type CellResult, type CellResults, type StepRecord, random } from "unspool";

/** A metric of one record; NaN where it was not finite or is not there. */
export function metricOf(record: StepRecord | undefined, name: string): number {
  const value = record?.[name];
  return typeof value === "number" ? value : NaN;
}

/** The metric `name0`, `name1`, … of each particle. */
export function byParticle(record: StepRecord | undefined, name: string, particles: number): number[] {
  return Array.from({ length: particles }, (_, i) => metricOf(record, `${name}${i}`));
}

/** A metric along inner steps: means over windows, each at the step in its middle. */
export interface Curve {
  x: number[];
  y: number[];
}

/** Of the records of a unrolling of `particles`; `x` counts the steps of one of them, from 1. */
export function curveOf(records: readonly StepRecord[], metric = "loss", particles = 1): Curve {
  const ends = [0, ...records.map(({ innerSteps }) => innerSteps / particles)];
  return {
    x: records.map((_, i) => (ends[i]! + 1 + ends[i + 1]!) / 2),
    y: records.map((record) => metricOf(record, metric)),
  };
}

/** The mean of a metric over all inner steps. */
export function meanOverSteps(records: readonly StepRecord[], metric = "loss"): number {
  const total = records.at(-1)?.innerSteps ?? 0;
  const parts = records.map(
    (record, i) => metricOf(record, metric) * (record.innerSteps - (records[i - 1]?.innerSteps ?? 0)),
  );
  return parts.reduce((sum, part) => sum + part, 0) / total;
}

/** The results of these cells; undefined unless all are done. */
export function allDone(results: CellResults, ids: readonly string[]): CellResult[] | undefined {
  const found = ids.flatMap((id) => doneOf(results, id) ?? []);
  return found.length === ids.length ? found : undefined;
}

/** The result of a cell that has all its steps; undefined of one that has not, or that failed. */
export function doneOf(results: CellResults, id: string): CellResult | undefined {
  const result = results.get(id);
  return result?.failure === undefined ? result : undefined;
}

/** Seed of the i-th of several repetitions in a study: its own seed, then others that depend on it. */
export function repetitionSeed(seed: number, repetition: number): number {
  return repetition === 0 ? seed : random.foldIn(random.key(seed), repetition).data[0]!;
}

/** The median of times; of an even number of them the lower one, so that of two that with a compilation does not count. */
export function typical(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[(times.length - 1) >> 1]!;
}
