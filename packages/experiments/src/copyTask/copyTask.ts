/** The copy task with growing strings: how long a memory can be learned from windows shorter than it. */
import {
  OptionError,
  type CopyTaskTheta,
  type Experiment,
  type Figure,
  type Key,
  type RunRecord,
  adam,
  copyScore,
  copyTask as copyTaskProblem,
  createEstimator,
  curriculum,
  defineExperiment,
  initCopyTask,
  innerProblem,
  random,
  tree,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerRate } from "../shared/outerRate.ts";
import { thin } from "../shared/series.ts";

const config = z.strictObject({
  ...estimatorFields({ sigma: 0.1, pairs: 32, truncation: 1 }, "pes", {
    noSearch:
      "strings grow longer on the way, and losses of longer ones are no measure for a search that began with short ones",
  }),
  steps: z.int().min(1).default(10_000).describe("outer steps"),
  learningRate: z.number().positive().default(1e-2).describe("of Adam on the LSTM"),
  units: z.int().min(1).default(16).describe("of the LSTM"),
  strings: z.int().min(1).default(8).describe("strings per trajectory"),
  tasks: z.int().min(1).default(64).describe("trajectories (estimators with derivatives)"),
  resets: z
    .enum(["staggered", "lockstep"])
    .default("staggered")
    .describe("whether pairs begin their strings at different times or together"),
  start: z.int().min(1).default(1).describe("length of the first strings"),
  longest: z.int().min(1).default(8).describe("length at which the curriculum ends"),
  spread: z.int().min(0).default(0).describe("training lengths go from the present one less this to it"),
  threshold: z.number().positive().default(0.15).describe("bits per character that lengthen the strings"),
  checkEvery: z.int().min(1).default(20).describe("outer steps between two measurements of them"),
  dtype: z.enum(["float32", "float64"]).default("float32"),
});

type Config = z.infer<typeof config>;
type Theta = CopyTaskTheta;

export const copyTask: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "copy-task",
  summary: "an LSTM that learns to copy longer and longer strings, from windows of any length",
  paper: "Vicol, Kolter, Swersky (ICML 2023), section 4.3, after Mujika, Meier, Steger (2018), at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const { start, longest, spread, strings, truncation } = settings;
    const { units, threshold, checkEvery, learningRate, steps, dtype } = settings;
    if (longest < start) throw new OptionError("copy-task", "longest", longest, `at least start = ${start}`);
    const lengths = Array.from({ length: longest - start + 1 }, (_, level) => start + level);
    const problemAt = (length: number) => copyTaskProblem({ length, spread, strings, truncation });
    const { tasks, resets } = settings;
    const options = { ...estimatorOptions(settings), tasks, resets, objective: "mean" } as const;
    const scores = new Map(lengths.map((length) => [length, copyScore({ length })]));
    const scoreAt = (length: number, theta: Theta, from: Key) => scores.get(length)!(theta, from);
    const small = initCopyTask(random.foldIn(key, "theta"), units);
    const evaluationKey = random.foldIn(key, "evaluation");
    const rate = outerRate(learningRate, (to) => adam({ learningRate: to }));
    return {
      theta: tree.astype(small, dtype),
      estimator: curriculum<Theta>({
        levels: lengths.length,
        create: (level) => createEstimator(settings.estimator, problemAt(lengths[level]!), options),
        score: (theta, level, from) => scoreAt(lengths[level]!, theta, from),
        threshold,
        checkEvery,
      }),
      // What the curriculum begins with.
      inner: innerProblem(problemAt(start), options, rate),
      optimizer: rate.optimizer(rate.value),
      steps,
      evaluate(theta, initial) {
        const rows = lengths.map((length) => [
          length,
          scoreAt(length, initial, evaluationKey),
          scoreAt(length, theta, evaluationKey),
        ]);
        const copied = lengths.filter((_, i) => rows[i]![2]! < threshold);
        return {
          metrics: { copiedLength: Math.max(0, ...copied), bitsAtLongest: rows.at(-1)![2]! },
          table: {
            title: "Bits per character on new strings, 1 for guessing",
            columns: ["length", "initial", "trained"],
            rows,
          },
        };
      },
      figures: (run) => curriculumFigures(run, settings),
    };
  },
});

/** Outer steps in which the score was measured, with the length of strings from then on. */
function checks(
  { metrics }: RunRecord<Theta>,
  { start, longest }: Config,
): { step: number; innerSteps: number; length: number; score: number }[] {
  return metrics.flatMap(({ step, innerSteps, level, score }) =>
    typeof level === "number" && typeof score === "number"
      ? [{ step, innerSteps, length: Math.min(start + level, longest), score }]
      : [],
  );
}

function curriculumFigures(run: RunRecord<Theta>, settings: Config): Figure[] {
  const { estimator, truncation, threshold, longest } = settings;
  const points = thin(checks(run, settings), 1000);
  const name = `${estimator}, K = ${truncation}`;
  const y = { label: "length of the strings", domain: [0, longest + 1] as [number, number] };
  const length = points.map((point) => point.length);
  const window = { axis: "y" as const, value: truncation, label: "window" };
  return [
    {
      id: "length",
      title: "How long the strings have become",
      caption:
        "The curriculum's length: one more whenever the running mean of bits per character falls below " +
        `${threshold}. A string is written as many steps after it was read as it is long: truncated estimators stop ` +
        "near their window (Vicol, Kolter, Swersky 2023, section 4.3).",
      x: { label: "outer step" },
      y,
      series: [{ name, x: points.map(({ step }) => step), y: length }],
      references: [window],
    },
    {
      id: "length-by-cost",
      title: "The same against inner steps",
      caption: "What it cost, over all particles.",
      x: { label: "inner steps" },
      y,
      series: [{ name, x: points.map(({ innerSteps }) => innerSteps), y: length }],
      references: [window],
    },
    {
      id: "bits",
      title: "Bits per character at the length of the moment",
      caption:
        "Running mean on new strings, at unperturbed theta: 1 for guessing; a longer string begins below the line.",
      x: { label: "outer step" },
      y: { label: "bits per character" },
      series: [{ name, x: points.map(({ step }) => step), y: points.map(({ score }) => score) }],
      references: [{ axis: "y", value: threshold, label: "threshold" }],
    },
  ];
}
