/** The learning-rate schedule of a network on MNIST, tuned through its whole training run. */
import {
  type Experiment,
  type Figure,
  type Key,
  type Layer,
  type LabelledData,
  type Problem,
  type RunRecord,
  type ScheduleTheta,
  type TrainingState,
  adam,
  compiled,
  createEstimator,
  crossEntropy,
  defineExperiment,
  errorRate,
  innerProblem,
  learningRate,
  np,
  random,
  scheduleTuning,
  unroll,
  vmap,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "./data/mnist.ts";
import { estimatorFields, estimatorOptions } from "./fields.ts";
import { grid, mean, thin } from "./series.ts";

const config = z.strictObject({
  ...estimatorFields({ sigma: 0.1, pairs: 8, truncation: 10 }),
  steps: z.int().min(1).default(150).describe("outer steps"),
  outerLearningRate: z.number().positive().default(0.1).describe("of Adam on theta"),
  objective: z.enum(["training-loss", "validation-loss", "validation-error"]).default("training-loss"),
  learningRate: z.number().positive().default(0.01).describe("initial learning rate of the untuned schedule"),
  decay: z.number().positive().default(0.5).describe("decay exponent of the untuned schedule"),
  horizon: z.int().min(1).default(100).describe("training steps of the network"),
  batchSize: z.int().min(1).default(32),
  hidden: z.array(z.int().min(1)).default([32]).describe("sizes of the hidden layers"),
  momentum: z.number().min(0).lt(1).default(0.9),
  pool: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(7)])
    .default(4)
    .describe("pixels averaged per side"),
  evaluationRuns: z.int().min(1).default(8).describe("training runs from new seeds per schedule at the end"),
  surface: z.int().min(0).default(9).describe("points per side of the drawn loss surface; 0 leaves it out"),
});

type Config = z.infer<typeof config>;
type ScheduleProblem = Problem<ScheduleTheta, TrainingState, unknown>;

export const mnistSchedule: Experiment<unknown, ScheduleTheta> = defineExperiment<Config, ScheduleTheta>({
  name: "mnist-schedule",
  summary: "learning-rate schedule of a network on MNIST, tuned through whole training runs",
  paper: "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 5.1, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const mnist = loadMnist(settings.pool);
    const problem = scheduleTuning({ ...settings, ...mnist, classes: 10 }) as unknown as ScheduleProblem;
    const scored = scheduleTuning({ ...settings, ...mnist, classes: 10, objective: "training-loss" });
    const evaluationKey = random.foldIn(key, "evaluation");
    const trained = memo((theta: ScheduleTheta) =>
      trainNetworks(
        scored as unknown as ScheduleProblem,
        theta,
        evaluationKey,
        settings.evaluationRuns,
        mnist.test,
      ),
    );
    const { estimator, steps } = settings;
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    return {
      theta: scheduleTheta(settings.learningRate, settings.decay),
      estimator: createEstimator(estimator, problem, options),
      inner: innerProblem(problem, options),
      optimizer: adam({ learningRate: settings.outerLearningRate }),
      steps,
      evaluate(theta, initial) {
        const [untuned, tuned] = [trained(initial), trained(theta)];
        return {
          metrics: {
            untunedTestLoss: untuned.testLoss,
            tunedTestLoss: tuned.testLoss,
            untunedTestAccuracy: untuned.testAccuracy,
            tunedTestAccuracy: tuned.testAccuracy,
            untunedTrainingLoss: untuned.trainingLoss,
            tunedTrainingLoss: tuned.trainingLoss,
          },
          table: {
            title: `${settings.horizon} training steps, mean of ${settings.evaluationRuns} new seeds; test: 10,000 held-out images`,
            columns: [
              "schedule",
              "learning rate",
              "decay",
              "mean training loss",
              "test loss",
              "test accuracy",
            ],
            rows: [row("untuned", initial, untuned), row("tuned", theta, tuned)],
          },
        };
      },
      figures(run) {
        const [initial, theta] = [run.initialTheta, run.theta];
        return [
          curvesFigure(trained(initial).curve, trained(theta).curve),
          schedulesFigure(initial, theta, settings.horizon),
          ...(settings.surface === 0 ? [] : [surfaceFigure(problem, run, settings.surface)]),
        ];
      },
    };
  },
});

function scheduleTheta(rate: number, decay: number): ScheduleTheta {
  const log = (x: number) => np.array(Math.log(x), { dtype: "float32" });
  return { logLearningRate: log(rate), logDecay: log(decay) };
}

interface Trained {
  /** Training loss on a fresh minibatch after each step, mean over networks. */
  curve: number[];
  trainingLoss: number;
  testLoss: number;
  testAccuracy: number;
}

/** Trains networks from new seeds with one schedule and measures them on held-out images. */
function trainNetworks(
  problem: ScheduleProblem,
  theta: ScheduleTheta,
  key: Key,
  networks: number,
  test: LabelledData,
): Trained {
  const { losses, state } = unroll(problem, theta, { key, particles: networks });
  const measure = compiled(
    "measure",
    vmap((layers: Layer[]) => ({ loss: crossEntropy(layers, test), error: errorRate(layers, test) })),
  );
  const measured = measure((state as TrainingState).layers);
  const curve = [...losses.mean(1).data];
  return {
    curve,
    trainingLoss: mean(curve),
    testLoss: measured.loss.mean().item(),
    testAccuracy: 1 - measured.error.mean().item(),
  };
}

function row(
  name: string,
  theta: ScheduleTheta,
  { trainingLoss, testLoss, testAccuracy }: Trained,
): (string | number)[] {
  const [rate, decay] = [Math.exp(theta.logLearningRate.item()), Math.exp(theta.logDecay.item())];
  return [name, rate, decay, trainingLoss, testLoss, testAccuracy];
}

/** Remembers results by argument identity. */
function memo<A extends object, B>(fn: (argument: A) => B): (argument: A) => B {
  const known = new WeakMap<A, B>();
  return (argument) => {
    const result = known.get(argument) ?? fn(argument);
    known.set(argument, result);
    return result;
  };
}

function curvesFigure(untuned: number[], tuned: number[]): Figure {
  const x = untuned.map((_, t) => t + 1);
  return {
    id: "learning-curves",
    title: "Training loss of new networks",
    caption:
      "On a fresh minibatch after each training step, mean over new seeds: the tuned schedule against the untuned one.",
    x: { label: "training step" },
    y: { label: "cross-entropy", scale: "log" },
    series: [
      { name: "untuned", x, y: untuned },
      { name: "tuned", x, y: tuned },
    ],
  };
}

function schedulesFigure(initial: ScheduleTheta, theta: ScheduleTheta, horizon: number): Figure {
  const x = grid(0, horizon, Math.min(horizon + 1, 101)).map(Math.round);
  const rates = (schedule: ScheduleTheta) =>
    x.map((t) => learningRate(schedule, np.array(Int32Array.of(t)).reshape([]), horizon).item());
  return {
    id: "schedules",
    title: "Learning-rate schedules",
    caption: "What theta stands for: learning rate e^θ0 / (1 + t/T)^(e^θ1).",
    x: { label: "training step" },
    y: { label: "learning rate", scale: "log" },
    series: [
      { name: "untuned", x, y: rates(initial) },
      { name: "tuned", x, y: rates(theta) },
    ],
  };
}

/** Mean loss of one training run per point of a grid around the path of theta, all from the same seed. */
function surfaceFigure(problem: ScheduleProblem, run: RunRecord<ScheduleTheta>, points: number): Figure {
  const path = thin(run.metrics, 300).map(
    ({ theta }) => [theta!["logLearningRate"]![0]!, theta!["logDecay"]![0]!] as const,
  );
  const around = (values: number[]) => grid(Math.min(...values) - 1, Math.max(...values) + 1.5, points);
  const [x, y] = [around(path.map(([rate]) => rate)), around(path.map(([, decay]) => decay))];
  const thetas = {
    logLearningRate: np.array(Float32Array.from(y.flatMap(() => x))),
    logDecay: np.array(Float32Array.from(y.flatMap((decay) => x.map(() => decay)))),
  };
  const { losses } = unroll(problem, thetas, { key: random.key(1), isThetaBatched: true, isCommon: true });
  return {
    id: "surface",
    title: "Meta-loss surface and the path of theta",
    caption: "Mean loss of one whole training run at each point, with the thetas that the run went through.",
    x: { label: "log initial learning rate θ0" },
    y: { label: "log decay exponent θ1" },
    series: [{ name: "theta", x: path.map(([rate]) => rate), y: path.map(([, decay]) => decay) }],
    heatmap: { x, y, values: [...losses.mean(0).data], label: "mean loss", scale: "log" },
  };
}
