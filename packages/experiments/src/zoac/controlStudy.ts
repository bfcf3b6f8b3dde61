/** A controller tuned by several methods from several starts, at the same number of steps of the environment. */
import { type Cell, type CellResult, type CellResults, type Study, defineStudy, median } from "unspool";
import { z } from "zod";
import { mean } from "../shared/series.ts";
import { medianCurve, returnsAlong } from "./controlFigures.ts";
import { type TaskName, controlTasks } from "./controlTasks.ts";
import { controlTraining, returnsFigure } from "./controlTraining.ts";
import { methodNames } from "./controlMethods.ts";
import { ppoTraining } from "./ppoTraining.ts";

export interface ControlStudyOptions {
  name: string;
  summary: string;
  paper: string;
  task: TaskName;
  methods: readonly string[];
  caption: string;
}

/** Points of a curve. */
const points = 40;

export function controlStudy({ name, summary, paper, task, methods, caption }: ControlStudyOptions): Study {
  const own = controlTasks[task];
  const config = z.strictObject({
    methods: z
      .array(z.enum([...methodNames, "ppo"]))
      .default([...methods])
      .describe("what is compared"),
    seeds: z.int().min(1).default(5).describe("runs of each method"),
    budget: z.int().min(1).default(own.budget).describe("steps of the environment per run"),
    steps: z.int().min(1).default(400).describe("outer steps of a run at most"),
  });
  type Config = z.infer<typeof config>;
  const runsOf = (results: CellResults, method: string, { seeds }: Config): CellResult[] =>
    Array.from({ length: seeds }, (_, i) => results.get(`${method}-${i}`)).flatMap((cell) => cell ?? []);
  return defineStudy<Config>({
    name,
    summary,
    paper,
    config,
    cells: ({ methods: chosen, seeds, budget, steps }, seed) =>
      chosen.flatMap((method) =>
        Array.from({ length: seeds }, (_, i): Cell => ({
          id: `${method}-${i}`,
          ...(method === "ppo"
            ? { experiment: ppoTraining, config: { task, budget, steps, ...own.ppo } }
            : { experiment: controlTraining, config: { task, method, budget, steps } }),
          seed: seed + i,
        })),
      ),
    summarise(results, settings) {
      const ended = settings.methods.flatMap((method) => {
        const runs = runsOf(results, method, settings);
        const values = runs.flatMap(({ evaluation }) => evaluation?.metrics[own.measure] ?? []);
        return values.length === 0 ? [] : [{ method, runs, values }];
      });
      const rows = ended.map(
        ({ method, values }) =>
          [method, median(values), mean(values), Math.min(...values), Math.max(...values)] as [
            string,
            ...number[],
          ],
      );
      const word = own.measure;
      return {
        metrics: Object.fromEntries(
          ended.flatMap(({ method, values }) => [
            [`${method} median`, median(values)],
            ...values.map((value, i): [string, number] => [`${method} ${i}`, value]),
          ]),
        ),
        tables:
          rows.length === 0
            ? []
            : [
                {
                  title: `Mean ${word} of ${own.episodes} episodes at the end, over runs`,
                  columns: ["method", "median", "mean", "least", "most"],
                  rows,
                },
              ],
        figures: [
          returnsFigure(
            { measure: own.measure, budget: settings.budget },
            ended.map(({ method, runs }) => ({
              name: method,
              ...medianCurve(
                runs.map(({ metrics }) => returnsAlong(metrics)),
                settings.budget,
                points,
              ),
            })),
            caption,
          ),
        ],
      };
    },
  }) as Study;
}
