/** The optimizers that ship, on kinds of tasks that they were never trained on, against Adam. */
import {
  type Cell,
  type LearnedOptimizer,
  type Study,
  type StudySummary,
  defineStudy,
  learnableAdam,
  loadLearnedOptimizer,
  pretrainedOptimizerFile,
  pretrainedOptimizerNames,
  random,
} from "unspool";
import { z } from "zod";
import { adamRates } from "../learnedOptimizer/learnedOptimizerStudy.ts";
import { doneOf } from "../shared/records.ts";
import {
  type Judgement,
  type Ratio,
  adam,
  cellId,
  judgements,
  median,
  stepsPerSecond,
} from "./heldOutFigures.ts";
import { heldOutTasks } from "./heldOutTasks.ts";
import type { JudgedTask } from "./judgedTask.ts";
import { type TaskCandidates, taskRuns } from "./taskRuns.ts";

const taskNames = heldOutTasks.map(({ name }) => name);

const config = z.strictObject({
  tasks: z
    .array(z.enum(taskNames as [string, ...string[]]))
    .min(1)
    .default(taskNames)
    .describe("kinds of tasks"),
  optimizers: z
    .array(z.enum(pretrainedOptimizerNames as [string, ...string[]]))
    .min(1)
    .default([...pretrainedOptimizerNames])
    .describe("pretrained optimizers"),
  runs: z
    .int()
    .min(2)
    .default(5)
    .describe("training runs of each optimizer on each task, from seeds of their own"),
  longest: z
    .int()
    .min(1)
    .default(10_000)
    .describe("most steps of a training run; shorter than a task's own for tests"),
});
type Config = z.infer<typeof config>;

export const learnedOptimizerHeldOut: Study = defineStudy<Config>({
  name: "learned-optimizer-held-out",
  summary: "the optimizers that ship, on kinds of tasks that they were never trained on, against Adam",
  paper:
    "after Metz et al. (CoLLAs 2022) and Harrison, Metz, Sohl-Dickstein (NeurIPS 2022), Figure 4; at CPU size",
  config,
  cells({ optimizers, runs, ...which }, seed) {
    return tasksOf(which).flatMap((task) =>
      [adam, ...optimizers].map((optimizer): Cell => {
        const experiment = taskRuns(task, () => candidatesOf(optimizer));
        return { id: cellId(task, optimizer), experiment, config: { runs }, seed };
      }),
    );
  },
  summarise(results, { optimizers, runs, ...which }): StudySummary {
    const tasks = tasksOf(which);
    const judged = optimizers.map((name) => [name, judgements(results, tasks, name, runs)] as const);
    const speed = (task: JudgedTask, optimizer: string): number | string => {
      const records = doneOf(results, cellId(task, optimizer))?.metrics;
      return records === undefined ? "" : Math.round(stepsPerSecond(records));
    };
    return {
      metrics: Object.assign({}, ...judged.map(([name, all]) => totals(name, all))) as Record<string, number>,
      tables: judged.map(([name, all]) => ({
        title: `${name}: mean training loss against Adam's, ${runs} seeds`,
        columns: ["task", "steps", "over tuned Adam", "its rate", "seeds won", "over Adam at 0.001"],
        rows: all.map(({ task, learningRate, wins, overTuned, overPlain }) => [
          task.words,
          task.horizon,
          words(overTuned),
          learningRate,
          `${wins} of ${runs}`,
          words(overPlain),
        ]),
      })),
      figures: [],
      times: {
        tables: [
          {
            title: "Training steps per second",
            columns: ["task", adam, ...optimizers],
            rows: tasks.map((task) => [task.words, ...[adam, ...optimizers].map((one) => speed(task, one))]),
          },
        ],
      },
    };
  },
}) as Study;

function tasksOf({ tasks, longest }: Pick<Config, "tasks" | "longest">): JudgedTask[] {
  return heldOutTasks
    .filter(({ name }) => tasks.includes(name))
    .map((task) => ({ ...task, horizon: Math.min(task.horizon, longest) }));
}

/** Adam with each of its rates, or a pretrained optimizer. */
function candidatesOf(optimizer: string): TaskCandidates {
  if (optimizer !== adam) {
    const { learned, meta } = loadLearnedOptimizer(pretrainedOptimizerFile(optimizer));
    return { learned, metas: [meta] };
  }
  const metas = adamRates.map((learningRate) => learnableAdam({ learningRate }).init(random.key(0)));
  return { learned: learnableAdam() as LearnedOptimizer, metas };
}

/** Over all tasks: the goal is 4 seeds of 5 on 8 tasks of 10, and at most 1.1 times the loss of Adam at 0.001. */
function totals(name: string, all: readonly Judgement[]): Record<string, number> {
  if (all.length === 0) return {};
  const most = Math.max(...all.map(({ overPlain }) => overPlain.value));
  return {
    [`${name} median over tuned Adam`]: median(all.map(({ overTuned }) => overTuned.value)),
    [`${name} tasks won`]: all.filter(({ wins, learned }) => wins >= 0.8 * learned.each.length).length,
    [`${name} most over Adam at 0.001`]: most,
  };
}

const words = ({ value, error }: Ratio): string => `${value.toFixed(3)} ± ${error.toFixed(3)}`;
