/** Features of one matrix, learned by one method: a cell of `principal-subspace`. */
import {
  type Experiment,
  type Figure,
  type Key,
  type Method,
  type StreamingTheta,
  type SubspaceTheta,
  type Tensor,
  adam,
  defineExperiment,
  np,
  principalSubspace,
  random,
  sgd,
  spanProjection,
  streamingDescent,
  streamingRules,
  subspaceDescent,
  subspaceDistance,
  subspaceMethods,
} from "unspool";
import { z } from "zod";
import { measuredTraining } from "../shared/measuredTraining.ts";
import { componentImages, distanceFigure, featureImages } from "./subspaceFigures.ts";
import { type Features, type SubspaceTask, subspaceTask, taskNames } from "./subspaceTasks.ts";

const config = z.strictObject({
  task: z.enum(taskNames).default("g20").describe("the matrix"),
  method: z
    .enum([...subspaceMethods.names, ...streamingRules.names] as [string, ...string[]])
    .default("lissa")
    .describe("how features are learned: from entries, or (oja …) from whole columns"),
  dimensions: z.int().min(1).default(4).describe("d: directions that are sought"),
  steps: z.int().min(1).default(6000).describe("outer steps"),
  optimizer: z.enum(["sgd", "adam"]).default("sgd"),
  learningRate: z.number().positive().default(0.05),
  batch: z
    .int()
    .min(1)
    .default(10)
    .describe("B: rows whose features move in a step; columns of streaming rules"),
  weightBatch: z.int().min(1).default(10).describe("B_w: rows of each estimate of the weights"),
  inverseSamples: z.int().min(1).default(40).describe("J: samples of each inverse"),
  kappa: z.number().positive().lt(2).default(1.9),
  measurements: z.int().min(1).default(50).describe("measurements of the features along the run"),
  images: z.int().min(16).max(60_000).default(60_000).describe("columns of MNIST"),
  bins: z.int().min(2).max(40).default(10).describe("bins per side of PuddleWorld"),
});

type TrainingConfig = z.infer<typeof config>;

export type Theta = SubspaceTheta<Features> | StreamingTheta;

export const subspaceTraining: Experiment<unknown, Theta> = defineExperiment<TrainingConfig, Theta>({
  name: "subspace-training",
  summary: "features that span the principal subspace of one matrix, learned by one method",
  paper: "Le Lan et al. (AISTATS 2023), synthetic matrices, MNIST and PuddleWorld at CPU size",
  config,
  setup(settings, key) {
    const task = subspaceTask(settings.task, settings);
    const { method, steps } = isStreaming(settings)
      ? streamingSetup(settings, task, key)
      : { method: entrySetup(settings, task), steps: settings.steps };
    const theta = startOf(settings, task, random.foldIn(key, "theta"));
    return {
      theta,
      // Which of the two thetas it is, the method of the config says.
      method: method as Method<Theta>,
      steps,
      evaluate: (found) => {
        const distance = subspaceDistance(featuresOf(task, found), task.target);
        return { metrics: { subspaceDistance: distance } };
      },
      figures: ({ metrics, theta: found }) => figuresOf(settings, task, metrics, found),
    };
  },
}) as Experiment<unknown, Theta>;

const isStreaming = ({ method }: TrainingConfig): boolean => streamingRules.find(method) !== undefined;

function entrySetup(settings: TrainingConfig, { matrix, features, target }: SubspaceTask) {
  const { dimensions, batch, weightBatch, inverseSamples, kappa, learningRate } = settings;
  const options = {
    ...{ dimensions, batch, weightBatch, inverseSamples, kappa },
    method: subspaceMethods.entry(settings.method).name,
  };
  const estimator = features
    ? principalSubspace(matrix, { ...options, features })
    : principalSubspace(matrix, options);
  const optimizer = settings.optimizer === "adam" ? adam({ learningRate }) : sgd({ learningRate });
  const measureEvery = Math.max(1, Math.floor(settings.steps / settings.measurements));
  const measuring = { measureEvery, target };
  // Two estimators of two thetas; `startOf` makes the one that fits.
  return subspaceDescent(estimator as ReturnType<typeof principalSubspace>, optimizer, measuring);
}

function streamingSetup(settings: TrainingConfig, task: SubspaceTask, key: Key) {
  const { steps, batch, measurements, learningRate } = settings;
  const rule = streamingRules.create(settings.method, { learningRate });
  const every = Math.max(1, Math.floor(steps / measurements));
  return measuredTraining<StreamingTheta>({
    method: streamingDescent(rule, { columns: (draw) => task.columns(draw, batch) }),
    key: random.foldIn(key, "columns"),
    updates: steps,
    measureAt: Array.from({ length: Math.floor(steps / every) }, (_, i) => every * (i + 1)),
    measures: [
      ({ components }) => ({
        subspaceDistance: subspaceDistance(np.transpose(components) as Tensor, task.target),
      }),
    ],
  });
}

function startOf(settings: TrainingConfig, task: SubspaceTask, key: Key): Theta {
  const { dimensions, method } = settings;
  if (isStreaming(settings)) {
    const start = random.normal(key, [dimensions, task.target.shape[0]!]);
    // Short enough for the first step of any rule.
    return { components: start.div(Math.sqrt(start.shape[1]!)) };
  }
  const theta = task.init(key);
  if (method !== "explicit") return theta;
  const weights = random.normal(random.foldIn(key, "weights"), [task.matrix.columns!, dimensions]);
  return { ...theta, weights };
}

/** Features of all rows, [S, d]. */
export function featuresOf({ matrix, features }: SubspaceTask, theta: Theta): Tensor {
  if ("components" in theta) return np.transpose(theta.components) as Tensor;
  const { features: params } = theta;
  return Array.isArray(params) ? features!(params, matrix.allRows!) : params;
}

function figuresOf(
  settings: TrainingConfig,
  task: SubspaceTask,
  metrics: readonly { step: number; [metric: string]: unknown }[],
  theta: Theta,
): Figure[] {
  const distance = distanceFigure("distance", "Distance from the principal subspace", [
    { name: settings.method, runs: [metrics] },
  ]);
  const features = featuresOf(task, theta);
  if (settings.task === "mnist")
    return [distance, ...componentImages(task.target, spanProjection(features, task.target))];
  if (settings.task === "puddle-world")
    return [distance, ...featureImages(task.target, spanProjection(features, task.target))];
  return [distance];
}
