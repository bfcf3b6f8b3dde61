/**
 * The tuned learning-rate schedule at the size of the papers: 28 x 28 pixels, two hidden layers of 100 units, 5000 training
 * steps, 1000 particles, 5000 outer steps. Days of computing, one cell for each estimator, window and seed: for machines.
 */
import { type CellResult, type Experiment, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { mnistSchedule } from "../mnistSchedule/mnistSchedule.ts";
import { doneOf, repetitionSeed } from "../shared/records.ts";
import { mean, thin } from "../shared/series.ts";

const config = z.strictObject({
  estimators: z
    .array(z.enum(["pes", "nres", "truncatedEs", "fullEs"]))
    .min(1)
    .default(["pes", "nres", "truncatedEs"])
    .describe("gradient estimators; full ES has no window"),
  truncations: z.array(z.int().min(1)).min(1).default([10, 100]).describe("inner steps per outer step"),
  seeds: z.int().min(1).default(3).describe("runs of each"),
  objective: z
    .enum(["training-loss", "validation-loss", "validation-error", "final-loss"])
    .default("training-loss")
    .describe("as in mnist-schedule"),
  steps: z.int().min(1).default(5000).describe("outer steps"),
  pairs: z.int().min(1).default(500).describe("antithetic pairs"),
  sigma: z.number().positive().default(0.1).describe("standard deviation of the perturbations"),
  outerLearningRate: z.number().positive().default(0.01).describe("of Adam on theta"),
  learningRate: z
    .number()
    .positive()
    .default(0.003)
    .describe("initial learning rate of the untuned schedule"),
  decay: z.number().positive().default(30).describe("decay exponent of the untuned schedule"),
  horizon: z.int().min(1).default(5000).describe("training steps of the network"),
  batchSize: z.int().min(1).default(100).describe("images per training step"),
  hidden: z.array(z.int().min(1)).default([100, 100]).describe("sizes of the hidden layers"),
  pool: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(7)])
    .default(1)
    .describe("pixels averaged per side"),
  evaluationRuns: z.int().min(1).default(8).describe("training runs from new seeds per schedule at the end"),
});

type Config = z.infer<typeof config>;

/** One estimator with one window; full ES has no window. */
interface Setting {
  estimator: Config["estimators"][number];
  truncation: number;
}

const settingsOf = ({ estimators, truncations }: Config): Setting[] =>
  estimators.flatMap((estimator) =>
    (estimator === "fullEs" ? truncations.slice(0, 1) : truncations).map((truncation) => ({
      estimator,
      truncation,
    })),
  );

const nameOf = ({ estimator, truncation }: Setting): string =>
  estimator === "fullEs" ? estimator : `${estimator}-${truncation}`;

export const mnistSchedulePaper: Study = defineStudy<Config>({
  name: "mnist-schedule-paper",
  summary: "the learning-rate schedule of mnist-schedule at the papers' size: a study for machines",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 5.1; Vicol, Kolter, Swersky (ICML 2023), Figures 7, 17 and 18",
  config,
  cells(all, seed) {
    const { estimators: _estimators, truncations: _truncations, seeds, ...settings } = all;
    return settingsOf(all).flatMap((setting) =>
      Array.from({ length: seeds }, (_, run) => ({
        id: `${nameOf(setting)}-${run}`,
        experiment: mnistSchedule as Experiment,
        config: { ...settings, ...setting, surface: 0 },
        seed: repetitionSeed(seed, run),
      })),
    );
  },
  summarise(results, all) {
    const runs = settingsOf(all).map((setting) => ({
      name: nameOf(setting),
      done: Array.from(
        { length: all.seeds },
        (_, run) => doneOf(results, `${nameOf(setting)}-${run}`) ?? [],
      ).flat(),
    }));
    const ended = runs.filter(({ done }) => done.length > 0);
    const of = (done: readonly CellResult[], metric: string): number =>
      mean(done.map(({ evaluation }) => evaluation!.metrics[metric]!));
    const rows = ended.map(({ name, done }) => [
      name,
      done.length,
      ...["untunedObjective", "tunedObjective", "tunedTestAccuracy", "tunedMeanLearningRate"].map((metric) =>
        of(done, metric),
      ),
    ]);
    return {
      metrics: Object.fromEntries(
        ended.map(({ name, done }) => [`${name} tuned objective`, of(done, "tunedObjective")]),
      ),
      tables: [
        {
          title: `${all.objective} of new networks, means over runs`,
          columns: [
            "estimator and window",
            "runs",
            "untuned",
            "tuned",
            "test accuracy",
            "mean learning rate",
          ],
          rows,
        },
      ],
      figures: ended.length === 0 ? [] : [pathsFigure(ended)],
    };
  },
}) as Study;

/** Thetas drawn of each run. */
const drawn = 200;

function pathsFigure(runs: readonly { name: string; done: readonly CellResult[] }[]): Figure {
  return {
    id: "paths",
    title: "Learning rate and decay along the first run of each",
    caption:
      "Truncated ES drifts to small learning rates and large decay; PES and NRES reach the optimum (the papers' figures).",
    x: { label: "initial learning rate", scale: "log" },
    y: { label: "decay", scale: "log" },
    series: runs.map(({ name, done }) => {
      const thetas = thin([...done[0]!.metrics], drawn).map(({ theta }) => theta!);
      const exp = (leaf: string): number[] => thetas.map((theta) => Math.exp(theta[leaf]![0]!));
      return { name, x: exp("logLearningRate"), y: exp("logDecay") };
    }),
  };
}
