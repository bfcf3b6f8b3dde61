/** The number that the settings of a sweep are ranked by: where it is, and what it is in a run. */
import { OptionError } from "../../errors.ts";
import type { CellResult } from "../study/study.ts";

/** What the settings are ranked by, and where it was found. */
export interface Measured {
  name: string;
  of: "evaluation" | "steps";
}

/** The last part of a run whose outer steps are averaged: one step is noisy. */
const tail = 0.1;

/** The number of a run; NaN of one that failed. */
export function valueOf(result: CellResult, { name, of }: Measured): number {
  if (result.failure !== undefined) return Number.NaN;
  if (of === "evaluation") return evaluated(result, name) ?? Number.NaN;
  return lastValue(result, name);
}

const evaluated = ({ evaluation }: CellResult, name: string): number | undefined =>
  evaluation !== undefined && Object.hasOwn(evaluation.metrics, name) ? evaluation.metrics[name] : undefined;

/** The mean over the last tenth of the outer steps, of those that have such a number. */
function lastValue({ metrics }: CellResult, name: string): number {
  const last = metrics.slice(-Math.max(1, Math.round(tail * metrics.length)));
  const values = last.flatMap((record) => {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    return typeof value === "number" ? [value] : [];
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Where a number of this name is: in the evaluations, or else in the outer steps. */
export function measuredOf(results: readonly CellResult[], name: string): Measured {
  const done = results.filter(({ failure }) => failure === undefined);
  if (done.some((result) => evaluated(result, name) !== undefined)) return { name, of: "evaluation" };
  const inSteps = stepMetrics(results);
  if (results.length === 0 || name === "loss" || inSteps.includes(name)) return { name, of: "steps" };
  const known = [...new Set([...evaluationMetrics(results), ...inSteps])];
  // Without a run that came to its end nothing is known of evaluations.
  if (done.length === 0) return { name, of: "evaluation" };
  throw new OptionError(
    "sweep",
    "by",
    name,
    `one of ${known.map((one) => JSON.stringify(one)).join(", ")}`,
    "Give the same command with another --by.",
  );
}

/** Names of what evaluations measured. */
export const evaluationMetrics = (results: readonly CellResult[]): string[] => [
  ...new Set(results.flatMap(({ evaluation }) => Object.keys(evaluation?.metrics ?? {}))),
];

/** Entries of a record that are no measurement. */
const counters: ReadonlySet<string> = new Set(["step", "innerSteps", "durationMs"]);

/** Names of numbers that outer steps have. */
export const stepMetrics = (results: readonly CellResult[]): string[] => [
  ...new Set(
    results.flatMap(({ metrics }) =>
      metrics.flatMap((record) =>
        Object.keys(record).filter((name) => typeof record[name] === "number" && !counters.has(name)),
      ),
    ),
  ),
];
