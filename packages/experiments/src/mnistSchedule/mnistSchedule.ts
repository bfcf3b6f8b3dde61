/** The learning-rate schedule of a network on MNIST, tuned through its whole training run. */
import {
  type AnyEstimator,
  type EstimatorEntry,
  type EstimatorOptions,
  type Experiment,
  type Key,
  type Measure,
  OptionError,
  type ScheduleTheta,
  adam,
  createEstimator,
  type DescentParts,
  type MethodPart,
  type Optimizer,
  findSearch,
  defineExperiment,
  estimatorEntry,
  estimators,
  innerProblem,
  np,
  random,
  scheduleTuning,
  searchMethod,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import {
  type Drawn,
  curvesFigure,
  pathFigure,
  schedulesFigure,
  surfaceFigure,
} from "./mnistScheduleFigures.ts";
import { mean } from "../shared/series.ts";
import {
  type ScheduleProblem,
  type Trained,
  numbersOf,
  trainNetworks,
  trainedOf,
} from "./trainedNetworks.ts";
import { withSearches } from "../shared/withSearches.ts";

const objectives = ["training-loss", "validation-loss", "validation-error", "final-loss"] as const;

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.1, pairs: 8, truncation: 10 }),
    steps: z.int().min(1).default(150).describe("outer steps"),
    outerLearningRate: z.number().positive().default(0.1).describe("of Adam on theta"),
    objective: z
      .enum(objectives)
      .default("training-loss")
      .describe(
        "after each training step; final-loss: training loss of the finished network, by telescoping",
      ),
    learningRate: z
      .number()
      .positive()
      .default(0.01)
      .describe("initial learning rate of the untuned schedule"),
    decay: z.number().positive().default(0.5).describe("decay exponent of the untuned schedule"),
    horizon: z.int().min(1).default(100).describe("training steps of the network"),
    batchSize: z.int().min(1).default(32),
    hidden: z.array(z.int().min(1)).default([32]).describe("sizes of the hidden layers"),
    momentum: z.number().min(0).lt(1).default(0.9),
    pool: z
      .union([z.literal(1), z.literal(2), z.literal(4), z.literal(7)])
      .default(4)
      .describe("pixels averaged per side"),
    evaluationRuns: z
      .int()
      .min(1)
      .default(8)
      .describe("training runs from new seeds per schedule at the end"),
    surface: z
      .int()
      .min(0)
      .default(13)
      .describe("points per side of the drawn loss surface; 0 leaves it out"),
  }),
  { optimizer: ["outerLearningRate"] },
);

type Config = z.infer<typeof config>;

const drawn: Readonly<Record<Config["objective"], Drawn>> = {
  "training-loss": { label: "training loss", isFinal: false, isAccuracy: false },
  "validation-loss": { label: "validation loss", isFinal: false, isAccuracy: false },
  "validation-error": { label: "validation accuracy", isFinal: false, isAccuracy: true },
  "final-loss": { label: "final training loss", isFinal: true, isAccuracy: false },
};

export const mnistSchedule: Experiment<unknown, ScheduleTheta> = defineExperiment<Config, ScheduleTheta>({
  name: "mnist-schedule",
  summary: "learning-rate schedule of a network on MNIST, tuned through whole training runs",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 5.1; Vicol, Kolter, Swersky (ICML 2023), Figures 7 and 8, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const mnist = loadMnist(settings.pool);
    const { objective, horizon, hidden, batchSize, momentum, steps, evaluationRuns } = settings;
    const { train, validation } = mnist;
    const sizes = { train, validation, classes: 10, horizon, hidden, batchSize, momentum };
    const problemFor = (scored: Exclude<Config["objective"], "final-loss">): ScheduleProblem =>
      scheduleTuning({ ...sizes, objective: scored });
    const training = problemFor("training-loss");
    const problem =
      objective === "training-loss" || objective === "final-loss" ? training : problemFor(objective);
    const evaluationKey = random.foldIn(key, "evaluation");
    /** What networks with the untuned schedule and with the tuned one are worth. */
    const trainedWith = async (thetas: readonly ScheduleTheta[], measure: Measure): Promise<Trained[]> => {
      const rows = await measureEach(measure, "networks", thetas, (theta) =>
        numbersOf(
          trainNetworks({ problem, training, test: mnist.test }, theta, evaluationKey, evaluationRuns),
        ),
      );
      return rows.map(trainedOf);
    };
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: scheduleTheta(settings.learningRate, settings.decay),
      ...partsOf(settings, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const [untuned, tuned] = (await trainedWith([initial, theta], measure)) as [Trained, Trained];
        const metrics = {
          ...measures("untuned", objective, untuned, initial, horizon),
          ...measures("tuned", objective, tuned, theta, horizon),
        };
        return { metrics, table: table(settings, [initial, untuned], [theta, tuned]) };
      },
      async figures(run, measure) {
        const [initial, theta] = [run.initialTheta, run.theta];
        const [untuned, tuned] = (await trainedWith([initial, theta], measure)) as [Trained, Trained];
        return [
          curvesFigure(drawn[objective], untuned.curve, tuned.curve),
          schedulesFigure(initial, theta, horizon),
          ...(settings.surface === 0
            ? []
            : [await surfaceFigure(problem, drawn[objective], run, settings.surface, measure)]),
          pathFigure(run),
        ];
      },
    };
  },
});

/** What moves theta: a search sees the loss that is asked for, whichever it is. */
function partsOf(
  settings: Config,
  problem: ScheduleProblem,
  options: EstimatorOptions,
  optimizer: Optimizer,
): MethodPart<ScheduleTheta> | DescentParts<ScheduleTheta> {
  const { estimator, objective } = settings;
  if (findSearch(estimator) === undefined)
    return { estimator: estimatorOf(settings, problem, options), optimizer };
  const seen = objective === "final-loss" ? "final" : "mean";
  return { method: searchMethod(estimator, problem, { ...options, objective: seen }) };
}

/** For the final loss, the estimators that see it: PES by telescoping, or over the whole run (full ES). */
function estimatorOf(
  { estimator, objective, horizon }: Config,
  problem: ScheduleProblem,
  options: EstimatorOptions,
): AnyEstimator<ScheduleTheta> {
  if (objective !== "final-loss") return createEstimator(estimator, problem, options);
  const entry = estimatorEntry(estimator);
  const name = finalNameOf(entry);
  if (name === undefined) {
    const known = estimators.filter((one) => finalNameOf(one) !== undefined).map((one) => one.name);
    const allowed = `one of ${known.join(", ")} where objective is "final-loss"`;
    throw new OptionError("mnist-schedule", "estimator", estimator, allowed);
  }
  // One window over the whole run: the telescoping sum has one term, and PES of one window is full ES.
  return createEstimator(name, problem, entry.isWhole ? { ...options, truncation: horizon } : options);
}

function finalNameOf({ name, objective, finalCounterpart }: EstimatorEntry): string | undefined {
  return objective === "final" ? name : finalCounterpart;
}

function scheduleTheta(rate: number, decay: number): ScheduleTheta {
  const log = (x: number) => np.array(Math.log(x), { dtype: "float32" });
  return { logLearningRate: log(rate), logDecay: log(decay) };
}

/** Mean learning rate over the steps of a training run. */
function meanLearningRate(theta: ScheduleTheta, horizon: number): number {
  const [rate, decay] = schedule(theta);
  return mean(Array.from({ length: horizon }, (_, t) => rate / (1 + t / horizon) ** decay));
}

function schedule({ logLearningRate, logDecay }: ScheduleTheta): [rate: number, decay: number] {
  return [Math.exp(logLearningRate.item()), Math.exp(logDecay.item())];
}

/** The value of the objective: what is minimised, on new networks. */
function objectiveValue(objective: Config["objective"], { curve, finalLoss }: Trained): number {
  return objective === "final-loss" ? finalLoss : mean(curve);
}

function measures(
  name: "tuned" | "untuned",
  objective: Config["objective"],
  trained: Trained,
  theta: ScheduleTheta,
  horizon: number,
): Record<string, number> {
  return {
    [`${name}TestLoss`]: trained.testLoss,
    [`${name}TestAccuracy`]: trained.testAccuracy,
    [`${name}TrainingLoss`]: trained.trainingLoss,
    [`${name}Objective`]: objectiveValue(objective, trained),
    [`${name}MeanLearningRate`]: meanLearningRate(theta, horizon),
  };
}

type Row = readonly [ScheduleTheta, Trained];

function table({ objective, horizon, evaluationRuns }: Config, untuned: Row, tuned: Row) {
  const row = (name: string, [theta, trained]: Row): (string | number)[] => {
    const value = objectiveValue(objective, trained);
    return [
      name,
      ...schedule(theta),
      drawn[objective].isAccuracy ? 1 - value : value,
      trained.testLoss,
      trained.testAccuracy,
    ];
  };
  const { label, isFinal } = drawn[objective];
  return {
    title: `${horizon} training steps, mean of ${evaluationRuns} new seeds; test: 10,000 held-out images`,
    columns: [
      "schedule",
      "learning rate",
      "decay",
      isFinal ? label : `mean ${label}`,
      "test loss",
      "test accuracy",
    ],
    rows: [row("untuned", untuned), row("tuned", tuned)],
  };
}
