/** What training runs on held-out tasks come to: ratios of mean losses, seeds won, steps per second. */
import type { CellResults, StepRecord } from "unspool";
import { adamRates } from "../learnedOptimizer/learnedOptimizerStudy.ts";
import { type Runs, bestOf, candidateRuns } from "../learnedOptimizer/rivalRuns.ts";
import { doneOf, typical } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import type { JudgedTask } from "./judgedTask.ts";

/** What is judged beside the learned optimizers: Adam with each of its rates. */
export const adam = "adam";
export const cellId = (task: JudgedTask, optimizer: string): string => `${task.name}-${optimizer}`;

/** One learned optimizer on one task. */
export interface Judgement {
  task: JudgedTask;
  learned: Runs;
  /** With the rate whose mean loss is lowest, and with the smallest rate, 0.001. */
  tuned: Runs;
  plain: Runs;
  learningRate: number;
  /** Runs with a lower mean loss than the tuned Adam's from the same seed. */
  wins: number;
  /** Of mean losses, to the tuned and the plain Adam. */
  overTuned: Ratio;
  overPlain: Ratio;
}

export interface Ratio {
  value: number;
  /** Standard error over seeds. */
  error: number;
}

/** Of the tasks whose runs are all done. */
export function judgements(
  results: CellResults,
  tasks: readonly JudgedTask[],
  optimizer: string,
  runs: number,
): Judgement[] {
  return tasks.flatMap((task): Judgement[] => {
    const mine = doneOf(results, cellId(task, optimizer))?.metrics;
    const theirs = doneOf(results, cellId(task, adam))?.metrics;
    if (mine === undefined || theirs === undefined) return [];
    const learned = candidateRuns(mine, 1, runs)[0]!;
    const adams = candidateRuns(theirs, adamRates.length, runs);
    const best = bestOf(adams);
    const [tuned, plain] = [adams[best]!, adams[0]!];
    return [
      {
        ...{ task, learned, tuned, plain, learningRate: adamRates[best]! },
        wins: learned.each.filter((loss, i) => loss < tuned.each[i]!).length,
        overTuned: ratio(learned.each, tuned.each),
        overPlain: ratio(learned.each, plain.each),
      },
    ];
  });
}

/** mean(a) / mean(b), whose standard error is that of the mean of a - ratio · b over mean(b), pair by pair. */
export function ratio(a: readonly number[], b: readonly number[]): Ratio {
  const value = mean(a) / mean(b);
  const squares = a.map((x, i) => (x - value * b[i]!) ** 2);
  const variance = squares.reduce((sum, x) => sum + x, 0) / (a.length - 1);
  return { value, error: Math.sqrt(variance / a.length) / Math.abs(mean(b)) };
}

/** Training steps per second over all runs of a cell, by its typical outer step. */
export function stepsPerSecond(records: readonly StepRecord[]): number {
  const each = records.map(
    ({ innerSteps, durationMs }, i) =>
      durationMs / Math.max(1, innerSteps - (records[i - 1]?.innerSteps ?? 0)),
  );
  return 1000 / typical(each);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
