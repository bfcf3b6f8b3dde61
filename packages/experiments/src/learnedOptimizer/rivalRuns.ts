/** Learning curves of the cells of `learned-optimizer-rivals`, read from their records. */
import type { CellResults, StepRecord } from "unspool";
import { type Curve, curveOf, doneOf, meanOverSteps, metricOf } from "../shared/records.ts";
import { adamRates } from "./learnedOptimizerStudy.ts";
import { type TaskName, taskNames } from "./rivalTasks.ts";

export const learnedId = (task: TaskName): string => `${task}-learned`;
export const adamId = (task: TaskName): string => `${task}-adam`;

/** Loss along training runs of one optimizer. */
export interface Runs {
  curve: Curve;
  /** Mean over steps, by run. */
  each: number[];
  mean: number;
  /** Mean over the last fifth of the steps, at most 50 of them. */
  final: number;
}

export interface Rivals {
  task: TaskName;
  steps: number;
  learned: Runs;
  /** With the learning rate whose mean loss is lowest. */
  adam: Runs;
  learningRate: number;
  /** Runs in which the learned optimizer has the lower mean loss than the best Adam from the same seed. */
  wins: number;
  runs: number;
}

/** Of the tasks whose training runs are all done. */
export function rivalsOf(results: CellResults, runs: number): Rivals[] {
  return taskNames.flatMap((task): Rivals[] => {
    const mine = doneOf(results, learnedId(task))?.metrics;
    const theirs = doneOf(results, adamId(task))?.metrics;
    if (mine === undefined || theirs === undefined) return [];
    const learned = runsOf(mine, runs);
    const adams = adamRates.map((_, i) => runsOf(ofRate(theirs, i), runs));
    const best = adams.reduce((least, { mean }, i) => (mean < adams[least]!.mean ? i : least), 0);
    const adam = adams[best]!;
    const wins = learned.each.filter((loss, i) => loss < adam.each[i]!).length;
    const steps = mine.at(-1)!.innerSteps / runs;
    return [{ task, steps, learned, adam, learningRate: adamRates[best]!, wins, runs }];
  });
}

/** The records of one learning rate, with inner steps that count from the first of them. */
function ofRate(records: readonly StepRecord[], rate: number): StepRecord[] {
  const first = records.findIndex((record) => metricOf(record, "rate") === rate);
  const own = records.filter((record) => metricOf(record, "rate") === rate);
  return countedFrom(records[first - 1]?.innerSteps ?? 0, own);
}

function countedFrom(before: number, records: readonly StepRecord[]): StepRecord[] {
  return records.map((record) => ({ ...record, innerSteps: record.innerSteps - before }));
}

function runsOf(records: readonly StepRecord[], runs: number): Runs {
  const steps = records.at(-1)!.innerSteps / runs;
  const last = Math.min(50, Math.ceil(steps / 5));
  const begin = (i: number): number => (records[i - 1]?.innerSteps ?? 0) / runs;
  const from = Math.max(
    0,
    records.findIndex((_, i) => begin(i) >= steps - last),
  );
  return {
    curve: curveOf(records, "loss", runs),
    each: Array.from({ length: runs }, (_, i) => meanOverSteps(records, `loss${i}`)),
    mean: meanOverSteps(records),
    final: meanOverSteps(countedFrom(begin(from) * runs, records.slice(from))),
  };
}
