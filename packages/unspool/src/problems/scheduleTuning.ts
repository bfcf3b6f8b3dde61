/**
 * Tuning a learning-rate schedule through a whole training run: an MLP classifier trained by SGD with momentum,
 * whose learning rate is
 *
 *     lr_t = e^θ0 / (1 + t / T)^(e^θ1)
 *
 * The loss of a step is measured AFTER it, on a fresh minibatch; `finalLoss` is that of the finished network, on a
 * batch of its own that is drawn once per trajectory. Vicol, Metz, Sohl-Dickstein 2021, section 5 (MNIST, T = 5000);
 * final loss: Vicol, Kolter, Swersky 2023, Figure 8.
 */
import { type Key, type Tensor, grad, nn, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { requireLabelled } from "./labelledData.ts";
import { type Layer, applyMlp, initMlp } from "../networks/index.ts";

/** Inputs [n, features] with int32 labels [n]. */
export interface LabelledData {
  inputs: Tensor;
  labels: Tensor;
}

export interface ScheduleTuningOptions {
  /** What the network is trained on: inputs [n, features] with int32 labels [n]. */
  train: LabelledData;
  /** Needed for the validation objectives. */
  validation?: LabelledData;
  /** Labels are from 0 to this less 1. */
  classes: number;
  /** Sizes of hidden layers. Default [32]. */
  hidden?: readonly number[];
  /** Default 64. */
  batchSize?: number;
  /** Examples that the loss of a step is measured on. Default: `batchSize`. */
  scoreBatchSize?: number;
  /** Examples that the final loss is measured on. Default 1000. */
  finalBatchSize?: number;
  /** Default 0.9. */
  momentum?: number;
  /** Training steps T. Default 200. */
  horizon?: number;
  /** What is minimised after each step. Default "training-loss". Accuracy has no derivative. */
  objective?: "training-loss" | "validation-loss" | "validation-error";
}

/** Theta: logarithms of the initial learning rate and of the decay exponent. */
export interface ScheduleTheta {
  logLearningRate: Tensor;
  logDecay: Tensor;
  // A tree.
  [name: string]: Tensor;
}

export interface TrainingState {
  layers: Layer[];
  velocity: Layer[];
}

interface Batches {
  train: LabelledData;
  score: LabelledData;
}

/** Tuning the schedule: theta are its two numbers, the state is the network and its velocity. */
export function scheduleTuning(
  options: ScheduleTuningOptions,
): Problem<ScheduleTheta, TrainingState, Batches> {
  requireKnownOptions("scheduleTuning", options, [
    "train",
    "validation",
    "classes",
    "hidden",
    "batchSize",
    "scoreBatchSize",
    "finalBatchSize",
    "momentum",
    "horizon",
    "objective",
  ]);
  const { train, validation, classes, hidden = [32], batchSize = 64, momentum = 0.9 } = options;
  const { horizon = 200, objective = "training-loss" } = options;
  const { scoreBatchSize = batchSize, finalBatchSize = 1000 } = options;
  for (const [name, size] of Object.entries({ batchSize, scoreBatchSize, finalBatchSize })) {
    requireInteger("scheduleTuning", name, size, 1);
  }
  requireOneOf("scheduleTuning", "objective", objective, [
    "training-loss",
    "validation-loss",
    "validation-error",
  ]);
  const scored = objective === "training-loss" ? train : validation;
  if (scored === undefined) {
    throw new OptionError(
      "scheduleTuning",
      "validation",
      undefined,
      `labelled data for objective "${objective}"`,
    );
  }
  requireLabelled("scheduleTuning", "train", train, classes);
  requireLabelled("scheduleTuning", "validation", validation, classes);
  const sizes = [train.inputs.shape[1]!, ...hidden, classes];
  const measure = objective === "validation-error" ? errorRate : crossEntropy;
  return defineProblem({
    name: "scheduleTuning",
    horizon,
    isDifferentiable: objective !== "validation-error",
    init(_theta, key) {
      const layers = initMlp(key, sizes);
      return { layers, velocity: tree.map(np.zerosLike, layers) };
    },
    data: (key): Batches => ({
      train: minibatch(train, random.foldIn(key, 0), batchSize),
      score: minibatch(scored, random.foldIn(key, 1), scoreBatchSize),
    }),
    step(theta: ScheduleTheta, { layers, velocity }, { t, batch }) {
      const rate = learningRate(theta, t, horizon);
      const gradient = grad((moved: Layer[]) => crossEntropy(moved, batch.train))(
        layers as Layer[],
      ) as Layer[];
      const faster = tree.map((v, g) => v.mul(momentum).add(g), velocity as Layer[], gradient);
      const next = tree.map((w, v) => w.sub(v.mul(rate)), layers as Layer[], faster);
      return { state: { layers: next, velocity: faster }, loss: measure(next, batch.score) };
    },
    finalLoss: (_theta, { layers }, { score }) => measure(layers as Layer[], score),
    finalData(key) {
      const score = minibatch(scored, key, finalBatchSize);
      return { train: score, score };
    },
  });
}

/** The schedule at step `t` (a number or an int32 tensor) of `horizon`. */
export function learningRate(
  { logLearningRate, logDecay }: ScheduleTheta,
  t: Tensor,
  horizon: number,
): Tensor {
  const growth = t
    .astype(logDecay.dtype)
    .mul(1 / horizon)
    .add(1);
  return np.exp(logLearningRate.sub(np.exp(logDecay).mul(np.log(growth))));
}

/** Mean cross-entropy of the network on labelled data. */
export function crossEntropy(layers: readonly Layer[], { inputs, labels }: LabelledData): Tensor {
  return nn.softmaxCrossEntropy(applyMlp(layers, inputs.astype(layers[0]!.weights.dtype)), labels);
}

/** Share of labelled data that the network gets wrong. */
export function errorRate(layers: readonly Layer[], { inputs, labels }: LabelledData): Tensor {
  const guesses = np.argmax(applyMlp(layers, inputs.astype(layers[0]!.weights.dtype)), -1);
  return guesses.notEqual(labels).astype("float32").mean();
}

/** `size` examples, drawn with replacement. */
export function minibatch({ inputs, labels }: LabelledData, key: Key, size: number): LabelledData {
  const picks = random.randint(key, [size], 0, labels.shape[0]!);
  return { inputs: np.take(inputs, picks, 0), labels: np.take(labels, picks, 0) };
}
