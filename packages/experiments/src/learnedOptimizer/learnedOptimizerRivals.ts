/**
 * A learned optimizer against Adam with its best learning rate, on the task of its training and on others, and against
 * other optimizers of the field on its own.
 */
import { type Cell, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf } from "../shared/records.ts";
import { learnedFields, learnedOptimizer } from "./learnedOptimizer.ts";
import { curvesFigure, horizonFigure, metaLossFigure } from "./learnedOptimizerFigures.ts";
import { adamScale, fieldTable, others } from "./rivalField.ts";
import { rivalNames } from "./rivalOptimizers.ts";
import { type Rivals, adamId, learnedId, otherId, rivalsOf } from "./rivalRuns.ts";
import {
  type TaskName,
  learnedRuns,
  longHorizonField,
  rivalRuns,
  taskNames,
  taskWords,
} from "./rivalTasks.ts";

const config = z.strictObject({
  ...learnedFields,
  longHorizon: longHorizonField,
  rivals: z
    .array(z.enum(rivalNames as [string, ...string[]]))
    .default(["momentum", "rmsprop", "nadamw", "fromage"])
    .describe(
      "optimizers beside Adam on its own task, each with its best of seven learning rates (optList: of ten settings)",
    ),
});
type Config = z.infer<typeof config>;

export const learnedOptimizerRivals: Study = defineStudy<Config>({
  name: "learned-optimizer-rivals",
  summary: "a learned optimizer, trained by PES through whole training runs, against tuned Adam",
  paper:
    "Metz et al. (CoLLAs 2022); Harrison, Metz, Sohl-Dickstein (NeurIPS 2022), Figure 3; networks on MNIST at CPU size",
  config,
  cells({ longHorizon, rivals, ...training }, seed) {
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
        { id: adamId(task), experiment: rivalRuns, config: { ...judged, task }, seed },
      ]),
      ...others(rivals).map((optimizer): Cell => {
        return { id: otherId(optimizer), experiment: rivalRuns, config: { ...judged, optimizer }, seed };
      }),
    ];
  },
  summarise(results, settings) {
    const rivals = rivalsOf(results, settings.evaluationRuns);
    const at = (task: TaskName) => rivals.find((one) => one.task === task);
    const [own, longer] = [at("own"), at("longer")];
    const training = doneOf(results, "training")?.metrics;
    return {
      metrics: {
        ...(own && ownMetrics(own)),
        ...(longer && longMetrics(longer)),
        ...(own && longer && { speedupOverAdam: adamScale(longer)(own.learned, own.steps) }),
      },
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
        ...(own ? [fieldTable(results, settings, own, longer)] : []),
      ],
      figures: [
        ...(training ? [metaLossFigure(training, own?.adam.mean)] : []),
        ...(own ? [curvesFigure(settings, own.learned.curve, own.adam.curve)] : []),
        ...(longer ? [horizonFigure(settings, longer.learned.curve, longer.adam.curve)] : []),
      ],
    };
  },
}) as Study;

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
