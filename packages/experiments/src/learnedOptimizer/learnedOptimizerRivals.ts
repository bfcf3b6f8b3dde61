/** A learned optimizer against Adam with its best learning rate, on the task of its training and on others. */
import {
  type Cell,
  type CellResults,
  type Experiment,
  type StepRecord,
  type Study,
  defineStudy,
} from "unspool";
import { z } from "zod";
import { type Curve, curveOf, doneOf, meanOverSteps, metricOf } from "../shared/records.ts";
import { learnedFields, learnedOptimizer } from "./learnedOptimizer.ts";
import { curvesFigure, horizonFigure, metaLossFigure } from "./learnedOptimizerFigures.ts";
import { adamRates } from "./learnedOptimizerStudy.ts";
import {
  type TaskName,
  adamRivals,
  learnedRuns,
  longHorizonField,
  taskNames,
  taskWords,
} from "./rivalTasks.ts";

const config = z.strictObject({ ...learnedFields, longHorizon: longHorizonField });
type Config = z.infer<typeof config>;

export const learnedOptimizerRivals: Study = defineStudy<Config>({
  name: "learned-optimizer-rivals",
  summary: "a learned optimizer, trained by PES through whole training runs, against tuned Adam",
  paper:
    "Metz et al. (CoLLAs 2022); Harrison, Metz, Sohl-Dickstein (NeurIPS 2022), Figure 3; networks on MNIST at CPU size",
  config,
  cells({ longHorizon, ...training }, seed) {
    const { architecture, options, hidden, scales, horizon, batchSize, pool, evaluationRuns } = training;
    const judged = {
      architecture,
      options,
      hidden,
      scales,
      horizon,
      batchSize,
      pool,
      evaluationRuns,
      longHorizon,
    };
    return [
      { id: "training", experiment: learnedOptimizer, config: training, seed },
      ...taskNames.flatMap((task): Cell[] => [
        {
          id: learnedId(task),
          after: ["training"],
          config: { ...judged, task },
          seed,
          async experiment(results): Promise<Experiment> {
            return learnedRuns(await results.get("training")!.theta());
          },
        },
        { id: adamId(task), experiment: adamRivals, config: { ...judged, task }, seed },
      ]),
    ];
  },
  summarise(results, settings) {
    const rivals = rivalsOf(results, settings);
    const at = (task: TaskName) => rivals.find((one) => one.task === task);
    const [own, longer] = [at("own"), at("longer")];
    const training = doneOf(results, "training")?.metrics;
    return {
      metrics: { ...(own && ownMetrics(own)), ...(longer && longMetrics(longer)) },
      tables: [
        {
          title: `Mean training loss over a run (trained for runs of ${settings.horizon} steps)`,
          columns: ["task", "steps", settings.architecture, "best Adam", "its learning rate", "seeds won"],
          rows: rivals.map(({ task, steps, learned, adam, learningRate, wins, runs }) => [
            taskWords(task, settings.batchSize),
            steps,
            learned.mean,
            adam.mean,
            learningRate,
            `${wins} of ${runs}`,
          ]),
        },
      ],
      figures: [
        ...(training ? [metaLossFigure(training, own?.adam.mean)] : []),
        ...(own ? [curvesFigure(settings, own.learned.curve, own.adam.curve)] : []),
        ...(longer ? [horizonFigure(settings, longer.learned.curve, longer.adam.curve)] : []),
      ],
    };
  },
}) as Study;

const learnedId = (task: TaskName): string => `${task}-learned`;
const adamId = (task: TaskName): string => `${task}-adam`;

/** Loss along training runs of one optimizer. */
interface Runs {
  curve: Curve;
  /** Mean over steps, by run. */
  each: number[];
  mean: number;
  /** Mean over the last fifth of the steps, at most 50 of them. */
  final: number;
}

interface Rivals {
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
function rivalsOf(results: CellResults, { evaluationRuns: runs }: Config): Rivals[] {
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

function ownMetrics({ learned, adam, learningRate }: Rivals): Record<string, number> {
  return {
    loss: learned.mean,
    adamLoss: adam.mean,
    adamLearningRate: learningRate,
    // Mean over the run at most this multiple of tuned Adam's: below 1 it wins.
    lossOverAdam: learned.mean / adam.mean,
    finalLoss: learned.final,
    adamFinalLoss: adam.final,
  };
}

function longMetrics({ learned, adam }: Rivals): Record<string, number> {
  return { longFinalLoss: learned.final, longAdamFinalLoss: adam.final };
}
