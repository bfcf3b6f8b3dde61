/** A recurrent optimizer, trained through whole training runs and then taken apart. */
import {
  type ComponentwiseOptimizer,
  type CwRnnMeta,
  type Experiment,
  type Figure,
  type Key,
  type LearnedSubject,
  type Measure,
  type OptimizerAnalysis,
  type TaskFamily,
  adam,
  analyseOptimizer,
  analysisFigures,
  bptt,
  clipByValue,
  componentSystem,
  cwRnn,
  defineExperiment,
  exponentialDecay,
  innerProblem,
  learnableMomentum,
  linearModel,
  metaTraining,
  np,
  random,
  tree,
} from "unspool";
import { z } from "zod";
import { taskSetting } from "./taskSetting.ts";
import {
  type Run,
  type Scored,
  type TunedBaseline,
  measureScores,
  scorer,
  tunedBaselines,
} from "./tunedBaselines.ts";

const config = z.strictObject({
  task: z
    .enum(["quadratic", "rosenbrock", "two-moons", "mnist"])
    .default("quadratic")
    .describe("what is trained"),
  cell: z
    .enum(["gru", "ugrnn", "vanilla", "lstm"])
    .default("gru")
    .describe("recurrent cell of the optimizer"),
  units: z.int().min(1).default(16).describe("units of the cell"),
  layers: z.int().min(1).default(1).describe("layers of cells"),
  inputScale: z
    .union([z.number().positive(), z.enum(["auto", "raw", "log1p"])])
    .default("auto")
    .describe(
      "what the cell sees of a gradient: a number times it (auto: what brings the task's gradients near 1), or log1p for log(1 + |g|) and its sign",
    ),
  horizon: z.int().min(2).default(60).describe("training steps of a task"),
  tasks: z.int().min(1).default(32).describe("tasks per meta-gradient"),
  steps: z.int().min(1).default(2500).describe("outer steps"),
  learningRate: z
    .number()
    .positive()
    .default(4e-3)
    .describe("of Adam on theta; halved four times on the way"),
  clip: z.number().positive().default(0.05).describe("largest element of a meta-gradient"),
  metaLoss: z
    .enum(["mean", "final", "least"])
    .default("mean")
    .describe("what of the losses of a training run is made small: their mean, the last or the least"),
  penalty: z.number().min(0).default(0).describe("factor of the length of theta in the meta-loss"),
  smallestCurvature: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe("of the quadratics; the largest is 1"),
  points: z.int().min(2).default(256).describe("points of the two moons"),
  noise: z.number().min(0).default(0.1).describe("standard deviation of the points of the two moons"),
  hidden: z
    .array(z.int().min(1))
    .min(1)
    .default([16, 16])
    .describe("hidden layers of the network of the two moons; [64,64,64] in the paper"),
  pool: z.literal([1, 2, 4]).default(2).describe("pixels of MNIST whose blocks are averaged: 2 for 14 by 14"),
  channels: z
    .array(z.int().min(1))
    .min(1)
    .default([8, 8, 8])
    .describe("channels of the convolutions on MNIST; [32,16,16] in the paper"),
  evaluationTasks: z.int().min(2).default(128).describe("new tasks at the end"),
});

type Config = z.infer<typeof config>;

export const reverseOptimizer: Experiment<unknown, CwRnnMeta> = defineExperiment<Config, CwRnnMeta>({
  name: "reverse-optimizer",
  summary:
    "a recurrent optimizer learns to train, and is taken apart: momentum, clipping, schedule, adaptation",
  paper: "Maheswaranathan et al., Reverse engineering learned optimizers (NeurIPS 2021), at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const { horizon, steps, learningRate, clip, cell, units, layers, evaluationTasks } = settings;
    const { family, grid, outputScale, curvatures, ...own } = taskSetting(settings);
    const inputScale = settings.inputScale === "auto" ? own.inputScale : settings.inputScale;
    const optimizer = cwRnn({ cell, units, layers, inputScale, outputScale });
    const learned: LearnedSubject<CwRnnMeta> = {
      optimizer,
      family,
      horizon,
      ...(curvatures !== undefined && { curvatures }),
    };
    const problem = metaTraining(optimizer, family, {
      horizon,
      objective: "relative",
      summary: settings.metaLoss,
      penalty: settings.penalty,
    });
    const options = { tasks: settings.tasks, truncation: horizon };
    const rate = exponentialDecay({
      from: learningRate,
      rate: 0.5,
      steps: Math.max(1, Math.ceil(steps / 4)),
    });
    const judged = { horizon, tasks: evaluationTasks, key: random.foldIn(key, "evaluation") };
    const analysisOf = once((theta: CwRnnMeta) =>
      analyseOptimizer(learned, theta, { key: random.foldIn(key, "analysis") }),
    );
    const baselines = tunedBaselines(family, grid, judged);
    const findings = async (theta: CwRnnMeta, measure: Measure): Promise<Findings> => {
      const analysis = analysisOf(theta);
      const scored = await measureScores("learned", measure, [
        { name: "learned", run: () => scorer(optimizer, family, judged)(theta, "learned") },
        ...partsOf(optimizer, theta, analysis, family, judged),
      ]);
      const [first, ...parts] = scored as [Scored, ...Scored[]];
      return { analysis, learned: first, parts, baselines: await baselines(measure) };
    };
    return {
      theta: optimizer.init(random.foldIn(key, "theta")),
      estimator: bptt(problem, { tasks: settings.tasks }),
      inner: innerProblem(problem, options),
      learned,
      optimizer: clipByValue(adam({ learningRate: rate, beta1: 0.8, beta2: 0.9, eps: 1e-6 }), {
        maxAbs: clip,
      }),
      steps,
      evaluate: async (theta, _initial, _steps, measure) => evaluation(await findings(theta, measure)),
      async figures({ theta }, measure) {
        const found = await findings(theta, measure);
        return [lossFigure(found, horizon), ...analysisFigures(found.analysis)];
      },
    };
  },
});

interface Findings {
  analysis: OptimizerAnalysis;
  learned: Scored;
  /** What is left of the optimizer when it is linearised, and when the nearest momentum stands in for it. */
  parts: Scored[];
  baselines: TunedBaseline[];
}

function partsOf(
  optimizer: ComponentwiseOptimizer<CwRnnMeta>,
  theta: CwRnnMeta,
  { linear, nearest }: OptimizerAnalysis,
  family: TaskFamily,
  judged: Parameters<typeof scorer>[2],
): Run[] {
  const { learned, meta } = linearModel(linear, componentSystem(optimizer, theta).start);
  const linearised = {
    name: "linearised",
    run: () => scorer(learned, family, judged)(meta, "linearised"),
  };
  if (!(nearest.learningRate > 0)) return [linearised];
  const log = (x: number) => np.array(Math.log(x));
  const mode = { logLearningRate: log(nearest.learningRate), logOneMinusMomentum: log(1 - nearest.momentum) };
  const name = "nearest momentum";
  return [linearised, { name, run: () => scorer(learnableMomentum(), family, judged)(mode, name) }];
}

function evaluation({ analysis, learned, parts, baselines }: Findings) {
  const [linearised, single] = parts;
  const [momentum] = baselines;
  const wins =
    learned.scores.filter((score, i) => score < momentum!.scores[i]!).length / learned.scores.length;
  const { modes, nearest, autonomous, adaptation } = analysis;
  const rows = [learned, ...parts, ...baselines].map((one): (string | number)[] => [
    one.name,
    told(one.score),
    told(one.curve.at(-1)!),
    "settings" in one
      ? Object.entries(one.settings as Record<string, number>)
          .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
          .join(", ")
      : "",
  ]);
  return {
    metrics: {
      learned: learned.score,
      momentum: momentum!.score,
      rmsprop: baselines[1]!.score,
      adam: baselines[2]!.score,
      ...(isTold(linearised!.score) && { linearised: linearised!.score }),
      ...(single !== undefined && isTold(single.score) && { nearestMomentum: single.score }),
      winRate: wins,
      fixedPoints: analysis.rest.distinct.length,
      spectralRadius: Math.hypot(modes.modes[0]!.eigenvalue.re, modes.modes[0]!.eigenvalue.im),
      nearestRate: nearest.learningRate,
      nearestDecay: nearest.momentum,
      effectiveRateAtStart: autonomous.learningRates[0]!,
      effectiveRateAtRest: modes.effectiveLearningRate,
      effectiveRateAtLargestGradient: adaptation.learningRates.at(-1)!,
    },
    table: {
      title: `Loss over that of the first step, on ${learned.scores.length} new tasks`,
      columns: ["optimizer", "mean over steps", "last step", "tuned"],
      rows,
    },
  };
}

/** Relative losses beyond this are those of an optimizer that diverges. */
const diverged = 1e6;
const isTold = (loss: number): boolean => loss < diverged;
const told = (loss: number): number | string => (isTold(loss) ? loss : "diverges");

function lossFigure({ learned, parts, baselines }: Findings, horizon: number): Figure {
  const x = Array.from({ length: horizon }, (_, t) => t);
  return {
    id: "losses",
    title: "Training of new tasks",
    caption:
      "Loss over that of the first step, mean over new tasks: the learned optimizer, what is left of it when it is linearised at its fixed point or replaced by the nearest momentum, and tuned optimizers of the field. After the performance figure of Maheswaranathan et al. (2021).",
    x: { label: "training step" },
    y: { label: "relative loss", scale: "log" },
    series: [learned, ...baselines, ...parts]
      .filter(({ score }) => isTold(score))
      .map(({ name, curve }) => ({ name, x, y: curve })),
  };
}

/** Remembers the result for the latest theta: evaluation and figures have copies of the same. */
function once<B>(fn: (theta: CwRnnMeta) => B): (theta: CwRnnMeta) => B {
  let known: { numbers: ArrayLike<number>; result: B } | undefined;
  return (theta) => {
    const numbers = tree.flatten(theta);
    const isKnown = known !== undefined && numbers.every((x, i) => Object.is(x, known!.numbers[i]));
    if (!isKnown) known = { numbers, result: fn(theta) };
    return known!.result;
  };
}
