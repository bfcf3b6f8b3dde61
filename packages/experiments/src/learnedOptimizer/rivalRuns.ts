/** Learning curves of the cells of `learned-optimizer-rivals`, read from their records. */
import type { CellResults, StepRecord } from "unspool";
import { type Curve, curveOf, doneOf, meanOverSteps, metricOf } from "../shared/records.ts";
import { adamRates } from "./learnedOptimizerStudy.ts";
import { type TaskName, taskNames } from "./rivalTasks.ts";

export const learnedId = (task: TaskName): string => `${task}-learned`;
export const adamId = (task: TaskName): string => `${task}-adam`;
/** The runs of another optimizer on the task of the training. */
export const otherId = (optimizer: string): string => `own-${optimizer}`;

/** Loss along training runs of one optimizer. */
export interface Runs {
  curve: Curve;
  /** Mean over steps, by run. */
  each: number[];
  mean: number;
  /** Mean over the last fifth of the steps, at most 50 of them. */
  final: number;
  /** How many steps that is. */
  finalSteps: number;
}

export interface Rivals {
  task: TaskName;
  steps: number;
  learned: Runs;
  /** With the learning rate whose mean loss is lowest. */
  adam: Runs;
  /** With each. */
  adams: readonly Runs[];
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
    const adams = candidateRuns(theirs, adamRates.length, runs);
    const best = bestOf(adams);
    const adam = adams[best]!;
    const wins = learned.each.filter((loss, i) => loss < adam.each[i]!).length;
    const steps = mine.at(-1)!.innerSteps / runs;
    return [{ task, steps, learned, adam, adams, learningRate: adamRates[best]!, wins, runs }];
  });
}

/** Runs of each of so many candidates, from the records of all. */
export function candidateRuns(records: readonly StepRecord[], candidates: number, runs: number): Runs[] {
  return Array.from({ length: candidates }, (_, i) => runsOf(ofRate(records, i), runs));
}

/** Which has the lowest mean loss. */
export function bestOf(candidates: readonly Runs[]): number {
  return candidates.reduce((least, { mean }, i) => (mean < candidates[least]!.mean ? i : least), 0);
}

/** The records of one candidate, with inner steps that count from the first of them. */
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
    finalSteps: steps - begin(from),
  };
}
